import { entraTokens, type EntraIdentity } from '../entra-id.js'
import { Secret } from '../secret.js'
import type { TokenSource } from '../token-source.js'
import type { Caller } from './vault-answer.js'

type Environment = Readonly<Record<string, string | undefined>>

/** Tokens of one identity, and who it is. */
export type Identified = Readonly<{ tokens: TokenSource; caller: Caller }>

/**
 * The identity of Entra ID that the environment gives this process, the first of: a client secret (AZURE_CLIENT_SECRET),
 * workload identity (AZURE_FEDERATED_TOKEN_FILE, which AKS sets), a managed identity (that of AZURE_CLIENT_ID, where the
 * machine has several).
 */
export const azureIdentity = (scope: string, env: Environment, now: () => number): Identified => {
  const said = (name: string): string | undefined => (env[name] === '' ? undefined : env[name])
  const [tenantId, clientId] = [said('AZURE_TENANT_ID'), said('AZURE_CLIENT_ID')]
  const [clientSecret, tokenFile] = [said('AZURE_CLIENT_SECRET'), said('AZURE_FEDERATED_TOKEN_FILE')]
  const common = { scope, authorityHost: said('AZURE_AUTHORITY_HOST') }
  const identified = (identity: EntraIdentity, caller: Caller): Identified => ({
    tokens: entraTokens(identity, env, now),
    caller,
  })
  if (tenantId !== undefined && clientId !== undefined && clientSecret !== undefined)
    return identified(
      {
        ...{ ...common, kind: 'secret', tenantId, clientId },
        clientSecret: Secret.literal(clientSecret, 'the variable AZURE_CLIENT_SECRET'),
      },
      `the application ${clientId} (AZURE_CLIENT_SECRET)`,
    )
  if (tenantId !== undefined && clientId !== undefined && tokenFile !== undefined)
    return identified(
      { ...common, kind: 'federated', tenantId, clientId, tokenFile },
      `the workload identity ${clientId}`,
    )
  return identified(
    { ...common, kind: 'managed', clientId },
    clientId === undefined ? 'the managed identity of this machine' : `the managed identity ${clientId}`,
  )
}
