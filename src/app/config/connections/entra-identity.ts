import { z } from 'zod'
import type { EntraIdentity } from '../../../credentials/entra-id.js'
import { httpUrl, secret } from '../secrets/secret-schema.js'

/** An identity of Microsoft Entra ID; one of `clientSecret`, `federatedTokenFile`, `managedIdentity`. */
export const entraIdentityKeys = {
  /** Default: AZURE_TENANT_ID. */
  tenantId: z.string().min(1).optional(),
  /** Default: AZURE_CLIENT_ID. */
  clientId: z.string().min(1).optional(),
  clientSecret: secret.optional(),
  /** Default: AZURE_FEDERATED_TOKEN_FILE. */
  federatedTokenFile: z.string().min(1).optional(),
  managedIdentity: z.boolean().optional(),
  /** Default: AZURE_AUTHORITY_HOST, or that of the public cloud. */
  authorityHost: httpUrl.optional(),
}

export type EntraIdentityConfig = z.infer<z.ZodObject<typeof entraIdentityKeys>>

type Environment = Readonly<Record<string, string | undefined>>

/** The identity that the settings name, with what they leave to the environment. */
export const entraIdentity = (settings: EntraIdentityConfig, scope: string, env: Environment): EntraIdentity => {
  const { clientSecret, managedIdentity, federatedTokenFile } = settings
  const tenantId = settings.tenantId ?? env['AZURE_TENANT_ID'] ?? ''
  const clientId = settings.clientId ?? env['AZURE_CLIENT_ID'] ?? ''
  const common = { scope, authorityHost: settings.authorityHost ?? env['AZURE_AUTHORITY_HOST'] }
  if (managedIdentity === true) return { ...common, kind: 'managed', clientId: settings.clientId }
  if (clientSecret !== undefined) return { ...common, kind: 'secret', tenantId, clientId, clientSecret }
  const tokenFile = federatedTokenFile ?? env['AZURE_FEDERATED_TOKEN_FILE'] ?? ''
  return { ...common, kind: 'federated', tenantId, clientId, tokenFile }
}

/** What the settings of an identity lack or contradict, by their key; `way`: the key that says which way it is. */
export const entraFaults = (
  settings: EntraIdentityConfig,
  env: Environment,
  way: string,
): readonly Readonly<{ key: string; message: string }>[] => {
  const { clientSecret, federatedTokenFile, managedIdentity } = settings
  const ways = [clientSecret, federatedTokenFile, managedIdentity === true ? true : undefined]
  const identity = entraIdentity(settings, '', env)
  const of = (key: 'tenantId' | 'clientId', name: string) =>
    identity.kind !== 'managed' && identity[key] === '' ? [{ key, message: `write it, or set ${name}` }] : []
  return [
    ...(ways.filter((each) => each !== undefined).length > 1
      ? [{ key: way, message: 'write one of clientSecret, federatedTokenFile and managedIdentity: true' }]
      : []),
    ...(identity.kind === 'federated' && identity.tokenFile === ''
      ? [{ key: way, message: 'write clientSecret: { file: … }, federatedTokenFile, or managedIdentity: true' }]
      : []),
    ...of('tenantId', 'AZURE_TENANT_ID'),
    ...of('clientId', 'AZURE_CLIENT_ID'),
  ]
}
