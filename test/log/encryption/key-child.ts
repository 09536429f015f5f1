/** A process that makes the key of one stream after another, and prints each stream once its key is there. */
import { KeyStore } from '../../../src/log/encryption/key-store.js'
import { masterKeysIn } from '../../../src/log/encryption/master-key.js'

const [folder = '', master = '', from = '0'] = process.argv.slice(2)
const store = new KeyStore({ folder, masters: () => masterKeysIn(master) })
for (let n = Number(from); ; n++) {
  const [key] = store.ofStreams([`t.00.conversation-${n}`])
  if (key === undefined || key === 'destroyed') throw new Error('no key was made')
  process.stdout.write(`${n} ${key.number} ${key.key.toString('hex')}\n`)
}
