import { holdsInput } from '../../../domain/stream-name.js'
import { encryptedLog } from '../../../log/encryption/encrypted-log.js'
import { KeyStore, type KeyStoreOptions } from '../../../log/encryption/key-store.js'
import type { EventLog } from '../../../log/event-log.js'

/** How the log is encrypted. `isEnabled`: new events are; if not, only those that are there are decrypted. */
export type LogEncryption = KeyStoreOptions & Readonly<{ isEnabled: boolean }>

/** Encrypts the parts of a log that hold what was received, with keys that they share. */
export type LogCipher = Readonly<{
  /** The part with its events encrypted, or readable if they are. Opens the keys. */
  of: (log: EventLog, mode: 'reader' | 'writer') => EventLog
  close: () => Promise<void>
}>

/**
 * The cipher that the configuration says. Without one, what is encrypted ends its read with what is missing.
 *
 * @throws ConfigError if a master key cannot be used. @throws LogDamaged if the keys are not those of these master keys.
 */
export const logCipher = (encryption: LogEncryption | undefined): LogCipher => {
  let keys: KeyStore | undefined
  const encrypts = encryption?.isEnabled === true
  return {
    of: (log, mode) => {
      if (encryption !== undefined) keys ??= new KeyStore(encryption)
      if (encrypts && mode === 'writer') keys?.prepare()
      return encryptedLog(log, { keys, covers: holdsInput, encrypts: encrypts && mode === 'writer' })
    },
    close: async () => {
      await keys?.close()
      keys = undefined
    },
  }
}
