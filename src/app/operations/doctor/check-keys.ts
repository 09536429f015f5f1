import { logEncryptionIn } from '../../config/log-encryption.js'
import type { KeyCounts } from '../../../log/encryption/key-counts.js'
import { KeyStore } from '../../../log/encryption/key-store.js'
import { failure, ok, warning, type Check, type Patient } from './check.js'

/** Whether the keys of an encrypted log are whole, and what earlier master keys still wrap. Nothing of one that is not. */
export const checkKeys = async ({ config }: Patient): Promise<readonly Check[]> => {
  const encryption = logEncryptionIn(config.log, config.data)
  if (encryption === undefined) return []
  const store = new KeyStore(encryption)
  try {
    return [checkOf(store.counts())]
  } finally {
    await store.close()
  }
}

const WHAT = 'encryption'

const checkOf = ({ keys, destroyed, damaged, byMaster, newest }: KeyCounts): Check => {
  const held = `${keys} keys, ${destroyed} destroyed`
  if (damaged > 0)
    return failure('log', WHAT, `${held}; ${damaged} fail their checksum`, 'put the newest copy of data-keys there')
  const earlier = [...byMaster].filter(([id]) => id !== newest)
  if (earlier.length === 0) return ok('log', WHAT, `${held}; all wrapped by master key ${newest}`)
  const told = earlier.map(([id, count]) => `${count} by ${id}`).join(', ')
  return warning('log', WHAT, `${held}; earlier master keys wrap some: ${told}`, 'streamvane log rekey')
}
