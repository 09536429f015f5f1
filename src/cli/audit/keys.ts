import { readFileSync } from 'node:fs'
import { acceptedKeysIn, signerKeyIn } from '../../app/config/audit-keys.js'
import type { Config } from '../../app/config/schema.js'
import { MalformedNote, parseVerifierKey, type VerifierKey } from '../../audit/note.js'
import { UsageError } from '../command/exit.js'

export const KEY = [
  '--key <vkey...>',
  'verifier keys whose signatures count, as audit keygen prints them; or files that hold one a line',
] as const

/** The keys of `--key`: texts, or files of them. */
export const verifierKeysOf = (texts: readonly string[]): readonly VerifierKey[] =>
  texts.flatMap((text) => {
    try {
      if (text.includes('+')) return [parseVerifierKey(text)]
      const lines = readFileSync(text, 'utf8').split('\n')
      return lines.filter((line) => line.trim() !== '').map(parseVerifierKey)
    } catch (cause) {
      if (cause instanceof MalformedNote || (cause as NodeJS.ErrnoException).code !== undefined)
        throw new UsageError(`--key: ${(cause as Error).message}`)
      throw cause
    }
  })

/** The keys of `--key`, else those that the configuration accepts. */
export const acceptedKeys = (config: Config, texts: readonly string[] | undefined): readonly VerifierKey[] => {
  const keys =
    texts === undefined ? acceptedKeysIn(config.audit, signerKeyIn(config.audit, process.env)) : verifierKeysOf(texts)
  if (keys.length === 0) throw new UsageError('say which keys count: --key VKEY, audit.verifierKeys or audit.key')
  return keys
}
