/**
 * Opens each of the folders for reading and for writing, reads everything, appends, and prints `FOLDER MODE` with the
 * outcome. It must reach its end: the test is about what a damaged file or a full disk does to the process.
 */
import { randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { openEmbeddedLog } from '../../../../src/log/embedded/log.js'
import { say } from './say.js'

const nameOf = (cause: unknown): string => (cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause))

for (const dir of process.argv.slice(2))
  for (const mode of ['reader', 'writer'] as const) {
    writeSync(1, `${dir} ${mode} `)
    try {
      const log = await openEmbeddedLog({ dir, mode })
      try {
        let events = 0
        for await (const batch of log.readAll()) events += batch.length
        for await (const batch of log.readStream('a')) events += batch.length
        const event = { id: randomUUID(), type: 'T', data: Buffer.alloc(20_000, 'x'), metadata: Buffer.from('{}') }
        const [answer] =
          mode === 'writer' ? await log.append([{ stream: 'a', expected: 'any', events: [event] }]) : [undefined]
        if (answer !== undefined && E.isLeft(answer))
          say(`${answer.left.tag} ${answer.left.tag === 'NotAvailable' ? nameOf(answer.left.cause) : ''}`)
        else say(`whole ${events}`)
      } finally {
        await log.close()
      }
    } catch (cause) {
      say(nameOf(cause))
    }
  }
say('end')
