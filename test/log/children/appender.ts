/**
 * Appends to three streams of the log in DIR as fast as it goes, numbering from FROM: each call one entry of three events, some calls in flight
 * at a time. Says `acknowledged N` when call N is durable; `unavailable …` and ends if the log cannot be written.
 */
import { writeSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { openEmbeddedLog } from '../../../src/log/embedded-log.js'
import { callOf } from '../numbered-calls.js'

const [dir = '', from = '0', bytes = '100'] = process.argv.slice(2)
const log = await openEmbeddedLog({ dir, mode: 'writer', owner: 'the appender' })
writeSync(1, 'open\n')
let next = Number(from)
const lane = async (): Promise<void> => {
  for (;;) {
    const n = next++
    const [answer] = await log.append([callOf(n, Number(bytes))])
    if (answer === undefined || E.isLeft(answer)) {
      writeSync(1, `unavailable ${answer?.left.tag} ${answer?.left.tag === 'NotAvailable' ? String(answer.left.cause) : ''}\n`)
      process.exit(0)
    }
    writeSync(1, `acknowledged ${n}\n`)
  }
}
await Promise.all([lane(), lane(), lane(), lane()])
