// Apollo Client over HttpLink: data, normalised by its cache; errors beside data; errors without data.
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { headers, print, run, url } from "./support.mjs";

const CUSTOMERS = gql`
  query Customers($first: Int!) {
    customers(first: $first) {
      nodes { id displayName invoices(first: 2) { nodes { id number balance { amount currency } } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
const TAX = gql`
  query Tax($first: Int!) {
    customers(first: $first) { nodes { id displayName taxContext { jurisdiction } } }
  }
`;

run(async () => {
  const client = new ApolloClient({
    link: new HttpLink({ uri: url, headers }),
    cache: new InMemoryCache(),
    defaultOptions: { query: { errorPolicy: "all" } },
  });
  const whole = await client.query({ query: CUSTOMERS, variables: { first: 3 } });
  const cached = await client.query({ query: CUSTOMERS, variables: { first: 3 }, fetchPolicy: "cache-only" });
  print({ names: whole.data.customers.nodes.map((node) => node.displayName), error: whole.error?.message ?? null });
  print({ fromCache: JSON.stringify(cached.data) === JSON.stringify(whole.data) });

  const partly = await client.query({ query: TAX, variables: { first: 2 } });
  print({
    data: partly.data.customers.nodes.length,
    isGraphQLError: CombinedGraphQLErrors.is(partly.error),
    codes: partly.error.errors.map((error) => error.extensions.code),
  });

  const wrong = await client.query({ query: gql`query Wrong { nope }` });
  print({
    data: wrong.data ?? null,
    isGraphQLError: CombinedGraphQLErrors.is(wrong.error),
    codes: CombinedGraphQLErrors.is(wrong.error) ? wrong.error.errors.map((error) => error.extensions.code) : [wrong.error.message],
  });
});
