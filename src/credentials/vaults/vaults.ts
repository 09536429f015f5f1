import { Secret } from '../secret.js'
import type { Identified } from './azure-identity.js'
import { heldValue, type Given } from './held-value.js'
import type { VaultReference } from './reference.js'

type Environment = Readonly<Record<string, string | undefined>>

/** The secrets of vaults that a configuration refers to. Places with the same reference share one value. */
export type Vaults = Readonly<{
  /** The secret of a reference. It is not read before `load`. */
  secret: (reference: VaultReference) => Secret
  /** Reads every secret that was not read yet. A failure is in the state of its secret. */
  load: () => Promise<void>
}>

/** Vaults as the identities in the environment may read them. */
export const vaultsOf = (env: Environment = process.env, now: () => number = Date.now): Vaults => {
  const secrets = new Map<string, Secret>()
  const identities = new Map<string, Identified>()
  const identityOf = (of: string, make: () => Identified): Identified => {
    const identity = identities.get(of) ?? make()
    identities.set(of, identity)
    return identity
  }
  // A vault is loaded when a reference names it: every command reads the configuration, and most name none.
  const fetch = async (reference: VaultReference): Promise<Given> => {
    switch (reference.kind) {
      case 'keyvault': {
        const [{ keyVaultScope, keyVaultSecret }, { azureIdentity }] = await Promise.all([
          import('./key-vault.js'),
          import('./azure-identity.js'),
        ])
        const scope = keyVaultScope(reference.origin)
        return keyVaultSecret(
          reference,
          identityOf(scope, () => azureIdentity(scope, env, now)),
        )
      }
      case 'aws-secret': {
        const { secretsManagerSecret } = await import('./secrets-manager.js')
        return secretsManagerSecret(reference, env, now)
      }
      case 'gcp-secret': {
        const [{ secretManagerSecret }, { googleIdentity }] = await Promise.all([
          import('./secret-manager.js'),
          import('../google-identity.js'),
        ])
        return secretManagerSecret(
          reference,
          identityOf('google', () => googleIdentity(env, now)),
          env,
        )
      }
    }
  }
  return {
    secret: (reference) => {
      const known = secrets.get(reference.text)
      if (known !== undefined) return known
      const secret = Secret.held(
        heldValue(reference.text, () => fetch(reference), now),
        reference.text,
      )
      secrets.set(reference.text, secret)
      return secret
    },
    load: async () => {
      const unread = [...secrets.values()].flatMap(({ held }) => (held?.state().kind === 'unread' ? [held] : []))
      await Promise.all(unread.map((held) => held.renew()))
    },
  }
}
