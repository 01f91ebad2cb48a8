// A client's own code over what graphql-codegen makes: it compiles only while the types say what the schema does.
import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { useFragment } from "../generated/client";
import { AmountFragmentDoc, CustomerOnThePhoneDocument, HeadFragmentDoc, InvoicesDocument } from "../generated/client/graphql";

const client = new ApolloClient({ link: new HttpLink({ uri: "/graphql" }), cache: new InMemoryCache() });

export async function standing(number: string): Promise<string> {
  const { data } = await client.query({ query: CustomerOnThePhoneDocument, variables: { number } });
  const customer = data?.customerBy;
  const head = useFragment(HeadFragmentDoc, customer);
  return head == null ? "unknown" : `${head.displayName}: ${customer?.status?.standing ?? "unknown"}`;
}

export async function balances(id: string): Promise<readonly string[]> {
  const { data } = await client.query({ query: InvoicesDocument, variables: { id } });
  const invoices = data?.customer?.invoices?.nodes ?? [];
  return invoices.map((invoice) => {
    const balance = useFragment(AmountFragmentDoc, invoice.balance);
    return balance ? `${balance.amount} ${balance.currency}` : "?";
  });
}
