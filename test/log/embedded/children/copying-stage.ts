/**
 * A stage in a process of its own: reads the raw part in RAW, appends each event to the output part in OUT under the
 * expected revision, and resumes from what its output holds. Says `resumed N` and `copied N`.
 */
import * as E from 'fp-ts/lib/Either.js'
import { openEmbeddedLog } from '../../../../src/log/embedded/log.js'
import { plainEvent } from '../../../../src/log/event-log.js'
import { say } from './say.js'

const [raw = '', out = ''] = process.argv.slice(2)
const input = await openEmbeddedLog({ dir: raw, mode: 'reader' })
const output = await openEmbeddedLog({ dir: out, mode: 'writer', owner: 'the copying stage' })

let after: bigint | undefined
for await (const [last] of output.readStream('copy', { backwards: true, max: 1 }))
  after = BigInt((JSON.parse(Buffer.from(last!.metadata).toString()) as { position: string }).position)
let expected = (await output.streamRevision('copy')) ?? -1
say(`resumed ${expected + 1}`)

for await (const message of input.subscribe({
  after,
  prefixes: ['acme.'],
  batchMax: 7,
  signal: new AbortController().signal,
})) {
  if (message.kind !== 'events') continue
  const events = message.events.map((event) => ({
    ...plainEvent(event),
    metadata: Buffer.from(JSON.stringify({ position: `${event.position}` })),
  }))
  const [answer] = await output.append([{ stream: 'copy', expected, events }])
  if (answer === undefined || E.isLeft(answer)) throw new Error(`not copied: ${JSON.stringify(answer)}`)
  expected = answer.right.revision
  say(`copied ${expected + 1}`)
}
