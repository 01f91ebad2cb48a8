// Composes subgraphs with @theguild/federation-composition: {name: sdl} on standard input -> {supergraph, errors}.
import { assertCompositionSuccess, composeServices } from "@theguild/federation-composition";
import { text } from "node:stream/consumers";
import { parse } from "graphql";

const subgraphs = Object.entries(JSON.parse(await text(process.stdin)));
const composed = composeServices(
  subgraphs.map(([name, sdl]) => ({ name, url: `http://${name}.example/graphql`, typeDefs: parse(sdl) })),
);
console.log(
  JSON.stringify({ supergraph: composed.supergraphSdl ?? null, errors: (composed.errors ?? []).map((error) => error.message) }),
);
