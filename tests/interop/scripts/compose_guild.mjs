// Composes the subgraphs of the file SUBGRAPHS, {name: {url, sdl}}, with @theguild/federation-composition.
import { composeServices } from "@theguild/federation-composition";
import { readFile } from "node:fs/promises";
import { parse } from "graphql";

const subgraphs = Object.entries(JSON.parse(await readFile(process.env.SUBGRAPHS, "utf8")));
const composed = composeServices(subgraphs.map(([name, { url, sdl }]) => ({ name, url, typeDefs: parse(sdl) })));
const errors = (composed.errors ?? []).map((error) => error.message);
console.log(JSON.stringify({ supergraph: composed.supergraphSdl ?? null, errors }));
