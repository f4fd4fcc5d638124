// Holds a document against the OpenAPI 3.1 specification's own JSON Schema:  node validate.mjs FILE
import { readFile } from "node:fs/promises";
import { Validator } from "@seriousme/openapi-schema-validator";

const document = JSON.parse(await readFile(process.argv[2], "utf8"));
const validator = new Validator();
const result = await validator.validate(document);
if (validator.version !== "3.1") throw new Error(`the document is of version ${validator.version}`);
if (!result.valid) {
  console.error(JSON.stringify(result.errors, null, 2));
  process.exit(1);
}
validator.resolveRefs();
console.log("valid");
