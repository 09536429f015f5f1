import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { WhatIfJson } from '../../src/app/operations/what-if/what-if-json.js'
import { simulate } from '../../src/simulator/simulate.js'
import { scratchFolder, streamvane, type Outcome } from '../support/streamvane.js'

let lines: string
let queueId: string
beforeAll(() => {
  const options = { seed: 5, fromMs: Date.parse('2026-01-05T06:00:00Z'), hours: 1, queues: 2, agents: 6 }
  lines = [...simulate({ ...options, emit: 'detail-events' })].map(({ line }) => line).join('\n')
  queueId = /"queueId":"([^"]+)"/.exec(lines)?.[1] as string
})

/** The first queue as Genesys answers it. */
const queueOf = (durationMs: number | undefined) => ({
  ...{ id: queueId, name: 'Sales & <Co>', dateModified: '2025-01-01T00:00:00Z' },
  mediaSettings: durationMs === undefined ? {} : { call: { serviceLevel: { durationMs } } },
})

/** A data folder in which the morning is published; the first queue is called Sales & Co. */
const centre = async () => {
  const folder = await scratchFolder()
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(join(folder, name), content)
    return join(folder, name)
  }
  const config = await file(
    'streamvane.yaml',
    `data: ${join(folder, 'data')}\negress: { sink: none }\nprofile: { points: detail-events, families: [queue, agent] }\n`,
  )
  const ran = (args: readonly string[]): Promise<Outcome> =>
    streamvane([...args, '--config', config, '--log-level', 'warn'])
  const done = async (args: readonly string[]): Promise<Outcome> => {
    const outcome = await ran(args)
    expect(outcome).toMatchObject({ code: 0 })
    return outcome
  }
  const settings = await file('queues.json', JSON.stringify(queueOf(undefined)))
  await done(['config', 'import', settings])
  await done(['import', await file('morning.ndjson', lines)])
  await done(['clock', 'tick', '--at', '2026-01-05T10:00:00Z'])
  await done(['run', '--until-caught-up'])
  return { ran, file, folder }
}

describe('what-if', { timeout: 120_000 }, () => {
  test('shows what another service level would change, as text, as JSON and as a page, refuses unknown queues and generations; changes of rules show it before they are made', async () => {
    const { ran, file, folder } = await centre()
    const asked = ['what-if', '--set', 'serviceLevel.durationMs=1s', '--family', 'queue', '--queue', 'sales & <co>']
    const html = join(folder, 'page.html')
    const first = await ran([...asked, '--html', html])
    expect(first).toMatchObject({ code: 5, stderr: '' })
    expect(first.stdout).toMatch(
      /^serviceLevel.durationMs: 20000 → 1000\nrange: 2026-01-05 00:00 to 2026-01-05 09:45 \(UTC\); generation g1\n/,
    )
    expect(first.stdout).toMatch(
      /queue PT15M: \d+ rows changed, 0 added, 0 removed, \d+ the same\n.*\n +serviceLevel +\d+\.\d % +\d+\.\d % /,
    )
    expect(first.stdout).toMatch(
      /effect +interval +row +what +old +new\n +\d\S* +2026-01-05 \d\d:\d\d PT15M +queue Sales & <Co> \w+ +serviceLevel /,
    )
    const page = await readFile(html, 'utf8')
    expect(page).toContain('queue Sales &amp; &lt;Co&gt; voice')
    expect(page).not.toContain('<Co>')
    expect(page).not.toMatch(/(src|href)=/)

    const json = JSON.parse((await ran([...asked, '--json'])).stdout) as WhatIfJson
    expect(json).toMatchObject({
      ...{ tenant: 'default', generation: 'g1', from: '2026-01-05T00:00:00.000Z', to: '2026-01-05T09:45:00.000Z' },
      supposed: [{ path: 'serviceLevel.durationMs', old: 20_000, new: 1_000 }],
      ...{ notDueToIt: [], queues: { [queueId]: 'Sales & <Co>' } },
    })
    expect(new Set(json.changes.map(({ dimensions }) => dimensions.queueId))).toEqual(new Set([queueId]))
    const [total] = json.totals
    expect(json.changes.filter(({ kind }) => kind === 'changed')).toHaveLength(total?.rows.changed as number)
    expect(await ran(asked.slice(0, 3).with(2, 'graceMs=300000'))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^nothing is supposed that is not in force already\n/) as string,
    })

    for (const [args, words] of [
      [['--set', 'queue.Salse & <Co>.callbackMode=null'], /did you mean Sales & <Co>\?/],
      [['--set', 'graceMs=1', '--generation', 'g7'], /there is no generation g7; there are g1/],
    ] as const) {
      const { code, stdout, stderr } = await ran(['what-if', ...args])
      expect(stderr).toMatch(words)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    }

    const queues = await file('strict.json', JSON.stringify(queueOf(1_000)))
    const imported = await ran(['config', 'import', queues, '--dry-run', '--diff-from', '2026-01-05'])
    expect(imported).toMatchObject({ code: 0, stdout: expect.stringMatching(/^stored: queue Sales/) as string })
    expect(imported.stderr).toMatch(
      /^had it been in force:\nqueue.Sales & <Co>.serviceLevel.voice: none → .*"durationMs":1000.*queue PT15M: \d+ rows changed/s,
    )
    const profile = await file('next.yaml', 'version: 2\npoints: detail-events\nserviceLevel: { durationMs: 1000 }\n')
    const published = await ran(['profile', 'publish', profile, '--diff-to', '2026-01-05T07:00:00Z'])
    expect(published).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^default version 2 is in force/) as string,
    })
    expect(published.stderr).toMatch(
      /^had it been in force:\n.*serviceLevel\.durationMs: 20000 → 1000\n.*the largest effect first:/s,
    )
    // In a pipe nothing more is said than before there was a difference to show.
    expect(await ran(['config', 'import', queues])).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^1 stored, /) as string,
    })
  })
})
