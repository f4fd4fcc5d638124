// The generator of @hey-api/openapi-ts: types of every schema, one function an operation.
export default {
  input: process.env.OPENAPI_DOCUMENT,
  output: "artifacts/client",
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
};
