import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defaultProfile } from '../../src/domain/profile.js'
import { openEmbeddedLog } from '../../src/log/embedded/log.js'
import { plainEvent, type EventLog, type RecordedEvent } from '../../src/log/event-log.js'
import { simulate } from '../../src/simulator/simulate.js'
import { revisionsByKey } from '../contracts/sink.contract.js'
import { readAvroFiles } from '../egress/files/read-files.js'
import { bookOfLog, everyRevision, expectSameRows } from '../support/pipeline-life.js'
import { rowsText, truthText, type RowLine } from '../support/rows-json.js'
import { ingressOf, jsonLines, post, running, scratchFolder, streamvane } from '../support/streamvane.js'

const reading = async <T>(data: string, part: string, work: (log: EventLog) => Promise<T>): Promise<T> => {
  const log = await openEmbeddedLog({ dir: join(data, 'log', part), mode: 'reader' })
  return work(log).finally(() => log.close())
}

const allOf = async (log: EventLog): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = []
  for await (const batch of log.readAll()) events.push(...batch.map(plainEvent)) // views would compare their whole blocks
  return events
}

test('a backup made while all stages run, restored and run until caught up, gives the rows of the original', async () => {
  const dir = await scratchFolder()
  const [data, copy] = [join(dir, 'data'), join(dir, 'copy')]
  const simulation = simulate({ seed: 21, fromMs: Date.parse('2026-01-05T06:00:00Z'), hours: 2, queues: 2, agents: 30 })
  const lines = [...simulation].map(({ line }) => line)
  const truth = simulation.truth()
  const env = { STREAMVANE_DATA: data }
  const process = running(['run', '--port', '0', '--clock', 'event-time', '--log-level', 'debug'], env)
  const url = await ingressOf(process)
  const sending = (async () => {
    for (let i = 0; i < lines.length; i += 100) await post(url, lines.slice(i, i + 100))
  })()
  await process.said('egress: records published')
  const made = await streamvane(['backup', join(dir, 'backup'), '--json'], { env })
  expect(made, made.stderr).toMatchObject({ code: 0 })
  await sending
  process.kill('SIGTERM')
  expect(await process.ended, process.stderr()).toEqual({ code: 0, signal: null })

  const restored = await streamvane(['restore', join(dir, 'backup'), '--data', copy])
  expect(restored, restored.stderr).toMatchObject({ code: 0 })
  const [original, taken] = [await reading(data, 'raw', allOf), await reading(copy, 'raw', allOf)]
  expect(taken.length).toBeGreaterThan(100)
  expect(taken).toEqual(original.slice(0, taken.length))

  const caughtUp = await streamvane(['run', '--until-caught-up'], { env: { STREAMVANE_DATA: copy } })
  expect(caughtUp, caughtUp.stderr).toMatchObject({ code: 0 })
  const book = await reading(copy, 'kpi-g1', (kpi) => bookOfLog(kpi, 'default', 'g1'))
  expectSameRows(book, await reading(copy, 'raw', (raw) => everyRevision(raw, 'default', defaultProfile)))
  // A folder of files that is new gets every row of the restored log.
  expect(new Map(Object.entries(revisionsByKey(await readAvroFiles(join(copy, 'files')))))).toEqual(
    new Map([...book].map(([key, revisions]) => [key, [...revisions.keys()]])),
  )

  // What came after the backup is sent again by its source.
  await writeFile(join(dir, 'morning.ndjson'), `${lines.join('\n')}\n`)
  const rowsIn = async (folder: string) => {
    const again = { STREAMVANE_DATA: folder }
    await streamvane(['import', join(dir, 'morning.ndjson')], { env: again })
    await streamvane(['run', '--until-caught-up'], { env: again })
    return rowsText(
      jsonLines<RowLine>((await streamvane(['rows', '--family', 'queue', '--json'], { env: again })).stdout),
    )
  }
  expect(await rowsIn(copy)).toEqual(truthText(truth, 'queue'))
}, 120_000)
