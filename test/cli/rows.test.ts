import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { queueAnswers } from '../../src/simulator/answers/queue-answers.js'
import { simulate } from '../../src/simulator/simulate.js'
import { scratchFolder, streamvane } from '../support/streamvane.js'

test('rows says that nothing was computed yet, then finds a queue by its name, and refuses an unknown one', async () => {
  const data = await scratchFolder()
  const env = { STREAMVANE_DATA: data }
  const simulation = simulate({ seed: 4, fromMs: Date.UTC(2026, 0, 5, 6), hours: 1, queues: 2, agents: 6 })
  const [events, queues] = [join(data, 'events.ndjson'), join(data, 'queues.json')]
  await writeFile(events, [...simulation].map(({ line }) => `${line}\n`).join(''))
  await writeFile(queues, JSON.stringify(queueAnswers(simulation.roster)[0]))
  expect(await streamvane(['import', events], { env })).toMatchObject({ code: 0 })
  for (const command of [['rows', '--family', 'queue'], ['generations'], ['corrections']]) {
    const { code, stderr } = await streamvane(command, { env })
    expect({ command, code }).toEqual({ command, code: 2 })
    expect(stderr).toContain('nothing was computed from its log')
  }
  expect(await streamvane(['config', 'import', queues], { env })).toMatchObject({ code: 0 })
  expect(await streamvane(['run', '--until-caught-up'], { env })).toMatchObject({ code: 0 })
  const { id = '', name = '' } = simulation.roster.queues[0] ?? {}
  const byId = await streamvane(['rows', '--family', 'queue', '--json', '--queue', id], { env })
  expect(byId.stdout.split('\n').length).toBeGreaterThan(4)
  expect(await streamvane(['rows', '--family', 'queue', '--json', '--queue', name], { env })).toEqual(byId)
  const unknown = await streamvane(['rows', '--family', 'queue', '--queue', `${name}x`], { env })
  expect(unknown).toMatchObject({ code: 2, stdout: '' })
  expect(unknown.stderr).toContain(`did you mean ${name}`)
}, 60_000)
