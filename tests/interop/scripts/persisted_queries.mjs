// Automatic persisted queries of Apollo Client and urql, hashes by POST and by GET: what went over the wire each time.
import { createHash } from "node:crypto";
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { Client, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { headers, print, run, url } from "./support.mjs";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const sent = [];

async function watched(address, init = {}) {
  const method = init.method ?? "GET";
  const asked = method === "GET" ? Object.fromEntries(new URL(address).searchParams) : JSON.parse(init.body);
  const answer = await fetch(address, init);
  sent.push({ method, text: Boolean(asked.query), status: answer.status });
  return answer;
}

function apollo(useGETForHashedQueries) {
  const http = new HttpLink({ uri: url, headers, fetch: watched });
  const link = new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(http);
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  return (query) => client.query({ query, fetchPolicy: "network-only" });
}

function urql(preferGetForPersistedQueries) {
  const exchanges = [persistedExchange({ generateHash: async (text) => sha256(text), preferGetForPersistedQueries }), fetchExchange];
  const client = new Client({ url, exchanges, fetch: watched, fetchOptions: { headers }, preferGetMethod: false });
  return (query) => client.query(query, {}, { requestPolicy: "network-only" }).toPromise();
}

run(async () => {
  const clients = { apolloPost: apollo(false), apolloGet: apollo(true), urqlPost: urql(false), urqlGet: urql("force") };
  for (const [name, ask] of Object.entries(clients)) {
    const query = gql(`query ${name}${process.pid} { viewer { subject } }`);
    for (const turn of ["first", "second"]) {
      const { data, error } = await ask(query);
      print({ client: name, turn, subject: data?.viewer?.subject ?? null, error: error?.message ?? null, sent: sent.splice(0) });
    }
  }
});
