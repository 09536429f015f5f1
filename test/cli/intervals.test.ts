import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { simulate } from '../../src/simulator/simulate.js'
import { scratchFolder, streamvane } from '../support/streamvane.js'

test('intervals lists and checks the complete intervals in 80 columns, and says where there are none', async () => {
  const data = await scratchFolder()
  const env = { STREAMVANE_DATA: data }
  const simulation = simulate({ seed: 4, fromMs: Date.UTC(2026, 0, 5, 6), hours: 1, queues: 2, agents: 6 })
  const events = join(data, 'events.ndjson')
  await writeFile(events, [...simulation].map(({ line }) => `${line}\n`).join(''))
  expect(await streamvane(['import', events], { env })).toMatchObject({ code: 0 })
  expect(await streamvane(['run', '--until-caught-up'], { env })).toMatchObject({ code: 0 })
  const table = await streamvane(['intervals', '--check'], { env })
  expect(table).toMatchObject({ code: 0 })
  expect(table.stdout).toMatch(
    /^queue, PT15M\ninterval \(UTC\) +number +rows +digest +closed at +check\n2026-01-05 06:00 /,
  )
  expect(table.stdout).toMatch(/^\d+ markers match, 0 differ; rows of 0 intervals changed behind their marker$/m)
  for (const line of table.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  const json = await streamvane(['intervals', '--family', 'queue', '--to', '2026-01-05T06:15', '--json'], { env })
  expect(JSON.parse(json.stdout)).toMatchObject({
    ...{ generation: 'g1', family: 'queue', granularity: 'PT15M', intervalStart: '2026-01-05T06:00:00.000Z' },
    ...{ number: 1, rows: expect.any(Number), digest: expect.any(Number), closedAt: expect.any(String) },
  })
  const none = await streamvane(['intervals', '--from', '2027-01-01'], { env })
  expect(none).toMatchObject({ code: 0, stdout: '' })
  expect(none.stderr).toContain('generation g1: no interval of these is complete')
}, 120_000)
