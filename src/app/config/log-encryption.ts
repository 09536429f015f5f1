import { join } from 'node:path'
import { SecretUnreadable } from '../../credentials/secret.js'
import { MasterKeyRefused, masterKeysIn, type MasterKeys } from '../../log/encryption/master-key.js'
import type { LogEncryption } from '../pipeline/logs/encryption.js'
import { ConfigError, type Config } from './schema.js'

/** What the configuration says of a log in the folder `data`; `undefined`: it is not encrypted. */
export const logEncryptionIn = ({ encryption }: Config['log'], data: string): LogEncryption | undefined => {
  if (encryption === undefined) return undefined
  const { key, folder = join(data, 'keys'), enabled: isEnabled } = encryption
  const masters = (): MasterKeys => {
    try {
      return masterKeysIn(key.read())
    } catch (cause) {
      if (!(cause instanceof MasterKeyRefused || cause instanceof SecretUnreadable)) throw cause
      throw new ConfigError(`log.encryption.key, in ${key.from}: ${cause.message}`, { cause })
    }
  }
  return { folder, isEnabled, masters }
}

/** What is wrong with the master keys, without the keys. */
export const encryptionProblems = (log: Config['log']): readonly string[] => {
  try {
    logEncryptionIn(log, '')?.masters()
    return []
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    return [cause.message]
  }
}
