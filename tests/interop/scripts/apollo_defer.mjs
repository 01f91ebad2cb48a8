// Apollo Client: a deferred fragment comes later than the rest, by multipart.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { Defer20220824Handler, GraphQL17Alpha9Handler } from "@apollo/client/incremental";
import { headers, print, run, url } from "./support.mjs";

const QUERY = gql`
  query Deferred($number: String!) {
    customerBy(key: { number: $number }) {
      number
      ... @defer { erpAccount { customerNumber } }
    }
  }
`;

run(async () => {
  for (const Handler of [Defer20220824Handler, GraphQL17Alpha9Handler]) {
    const types = [];
    const watched = async (address, init) => {
      const answer = await fetch(address, init);
      types.push(answer.headers.get("content-type").split(";")[0]);
      return answer;
    };
    const client = new ApolloClient({
      link: new HttpLink({ uri: url, headers, fetch: watched }),
      cache: new InMemoryCache(),
      incrementalHandler: new Handler(),
    });
    const states = [];
    await new Promise((done, failed) => {
      client.watchQuery({ query: QUERY, variables: { number: process.env.NUMBER }, notifyOnNetworkStatusChange: true }).subscribe({
        next: ({ data, dataState, error }) => {
          if (error) failed(error);
          states.push([dataState, data?.customerBy?.number ?? null, data?.customerBy?.erpAccount?.customerNumber ?? null]);
          if (dataState === "complete") done();
        },
        error: failed,
      });
    });
    print({ handler: Handler.name, types, states });
  }
});
