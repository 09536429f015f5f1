import { readFileSync } from 'node:fs'
import { MalformedNote, parseSignerKey, parseVerifierKey, type SignerKey, type VerifierKey } from '../../audit/note.js'
import { Secret, SecretUnreadable } from '../../credentials/secret.js'
import type { AuditSettings } from './audit-schema.js'
import { ConfigError } from './schema.js'

type Environment = Readonly<Record<string, string | undefined>>

/** The key that signs heads, read from where `audit.key` says; `undefined` without one. Throws `ConfigError`. */
export const signerKeyIn = ({ key }: AuditSettings, env: Environment): SignerKey | undefined => {
  if (key === undefined) return undefined
  return parsed('audit.key', () =>
    parseSignerKey(
      key instanceof Secret ? key.read() : 'file' in key ? readFileSync(key.file, 'utf8') : (env[key.env] ?? ''),
    ),
  )
}

/** The keys whose heads count: that of `audit.key`, if it can be read here, and `audit.verifierKeys`. */
export const acceptedKeysIn = (settings: AuditSettings, signer: SignerKey | undefined): readonly VerifierKey[] => [
  ...(signer === undefined ? [] : [signer.verifier]),
  ...settings.verifierKeys.map((text) => parsed('audit.verifierKeys', () => parseVerifierKey(text))),
]

const parsed = <T>(where: string, read: () => T): T => {
  try {
    return read()
  } catch (cause) {
    if (
      cause instanceof MalformedNote ||
      cause instanceof SecretUnreadable ||
      (cause as NodeJS.ErrnoException).code !== undefined
    )
      throw new ConfigError(`${where}: ${(cause as Error).message}`, { cause })
    throw cause
  }
}
