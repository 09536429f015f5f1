/**
 * Appends to three streams of the log in DIR as fast as it goes, numbering from FROM: each call one entry of three
 * events, some calls in flight at a time. Says `acknowledged N` when call N is durable. If the log cannot be written it
 * says `unavailable …`, waits until it is told to try again, and makes the same call again.
 */
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { openEmbeddedLog } from '../../../../src/log/embedded/log.js'
import { callOf } from '../../eventstoredb/numbered-calls.js'

const [dir = '', from = '0', bytes = '100'] = process.argv.slice(2)
const log = await openEmbeddedLog({ dir, mode: 'writer', owner: 'the appender' })
writeSync(1, 'open\n')
let next = Number(from)
const caller = async (): Promise<void> => {
  for (;;) {
    const n = next++
    for (;;) {
      const [answer] = await log.append([callOf(n, Number(bytes))])
      if (answer !== undefined && E.isRight(answer)) break
      const failure = answer?.left
      writeSync(1, `unavailable ${failure?.tag} ${failure?.tag === 'NotAvailable' ? String(failure.cause) : ''}\n`)
      await once(process.stdin, 'data')
    }
    writeSync(1, `acknowledged ${n}\n`)
  }
}
await Promise.all([caller(), caller(), caller(), caller()])
