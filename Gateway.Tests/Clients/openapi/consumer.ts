// What a user of the generated client writes:  node artifacts/js/consumer.js BASE_URL KEY
// Prints one JSON object: the bots, every message two a page, and how a wrong key is answered.
import { botsList, messages } from "./artifacts/client";
import { client } from "./artifacts/client/client.gen";

async function main(baseUrl: string, key: string): Promise<void> {
  const withKey = (text: string) => client.setConfig({ baseUrl, auth: (scheme) => (scheme.name === "X-API-Key" ? text : undefined) });

  withKey(key);
  const bots = await botsList({ throwOnError: true });

  const telegramIds: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await messages({ query: { limit: 2, cursor }, throwOnError: true });
    telegramIds.push(...page.data.messages.map((message) => message.telegram_id));
    cursor = page.data.next_cursor ?? undefined;
  } while (cursor !== undefined);

  withKey("tgw_1_wrong");
  const refused = await botsList();
  if (refused.error === undefined) throw new Error("a wrong key was taken");

  console.log(JSON.stringify({
    bots: bots.data.bots.map((bot) => bot.id),
    telegram_ids: telegramIds,
    wrong_key: { status: refused.response?.status, code: refused.error.code },
  }));
}

main(process.argv[2] ?? "", process.argv[3] ?? "").catch((failure: unknown) => {
  console.error(failure);
  process.exit(1);
});
