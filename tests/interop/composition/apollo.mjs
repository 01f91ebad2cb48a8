// Composes subgraphs with @apollo/composition: {name: sdl} on standard input -> {supergraph} or {errors}, with {hints}.
import { composeServices } from "@apollo/composition";
import { text } from "node:stream/consumers";
import { parse } from "graphql";

const subgraphs = Object.entries(JSON.parse(await text(process.stdin)));
const composed = composeServices(
  subgraphs.map(([name, sdl]) => ({ name, url: `http://${name}.example/graphql`, typeDefs: parse(sdl) })),
);
console.log(
  JSON.stringify({
    supergraph: composed.supergraphSdl ?? null,
    errors: (composed.errors ?? []).map((error) => error.message),
    hints: (composed.hints ?? []).map((hint) => hint.message),
  }),
);
