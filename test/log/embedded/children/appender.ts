/**
 * Appends to three streams of the log in DIR as fast as it goes, numbering from FROM: each call one entry of three
 * events, some calls in flight at a time. Says `acknowledged N` when call N is durable. If the log cannot be written it
 * says `unavailable …`, waits until it is told to try again, and makes the same call again.
 */
import { once } from 'node:events'
import * as E from 'fp-ts/lib/Either.js'
import { openEmbeddedLog } from '../../../../src/log/embedded/log.js'
import { callOf } from '../../eventstoredb/numbered-calls.js'
import { say } from './say.js'

const [dir = '', from = '0', bytes = '100'] = process.argv.slice(2)
const log = await openEmbeddedLog({ dir, mode: 'writer', owner: 'the appender' })
say('open')
let next = Number(from)
const caller = async (): Promise<void> => {
  for (;;) {
    const n = next++
    for (;;) {
      const [answer] = await log.append([callOf(n, Number(bytes))])
      if (answer !== undefined && E.isRight(answer)) break
      const failure = answer?.left
      say(`unavailable ${failure?.tag} ${failure?.tag === 'NotAvailable' ? String(failure.cause) : ''}`)
      await once(process.stdin, 'data')
    }
    say(`acknowledged ${n}`)
  }
}
await Promise.all([caller(), caller(), caller(), caller()])
