import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { nearNames } from '../../src/domain/near-names.js'
import { UsageError } from '../../src/cli/command/exit.js'
import { kpisCommand } from '../../src/cli/kpis.js'
import type { NamedKpi } from '../../src/domain/named-kpi.js'
import { jsonLines, scratchFolder } from '../support/streamvane.js'

/** Runs the command in this process; what it printed. */
const kpis = async (...args: readonly string[]): Promise<string> => {
  const printed: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text))
  try {
    await kpisCommand().parseAsync([...args], { from: 'user' })
  } finally {
    log.mockRestore()
  }
  return `${printed.join('\n')}\n`
}
const listed = async (...args: readonly string[]): Promise<readonly NamedKpi[]> =>
  jsonLines<NamedKpi>(await kpis('list', '--json', ...args))

const profileFile = async (text: string): Promise<string> => {
  const file = join(await scratchFolder(), 'profile.yaml')
  await writeFile(file, text)
  return file
}

describe('kpis list', () => {
  test('lists more than 1,200 KPIs, counts the active ones, and opens no data folder', async () => {
    const dir = await scratchFolder()
    const text = await kpis('list', '--data', join(dir, 'data'))
    expect(Number(/^(\d+) KPIs, (\d+) of them on in profile default version 1/m.exec(text)?.[1])).toBeGreaterThan(1_200)
    expect(text).toMatch(/^queue\.tAnswered\.avg +ms +on +O +S6, O1 +tAnswered\.sum \/ tAnswered\.count$/m)
    expect(await readdir(dir)).toEqual([])
  })

  test('can be filtered by family, by metric, and by active or not', async () => {
    const ofMetric = await listed('--family', 'skill', '--metric', 'tHandle')
    expect(ofMetric.map(({ name }) => name)).toEqual([
      ...['count', 'sum', 'min', 'max', 'avg', 'p50', 'p90', 'p95', 'p99'].map(
        (statistic) => `skill.tHandle.${statistic}`,
      ),
      ...['skill.aht', 'skill.transferRate'],
    ])
    const all = await listed('--family', 'queue')
    const on = await listed('--family', 'queue', '--on')
    const off = await listed('--family', 'queue', '--off')
    expect(on.length * off.length).toBeGreaterThan(0)
    expect(on.every(({ isOn }) => isOn)).toBe(true)
    expect(off.some(({ isOn }) => isOn)).toBe(false)
    expect([...on, ...off].map(({ name }) => name).sort()).toEqual(all.map(({ name }) => name).sort())
  })

  test('uses a profile file with the KPIs that it defines', async () => {
    const file = await profileFile(`
      families: [skill]
      quantiles: [tAcw]
      kpis: [{ name: missed, unit: share, formula: tNotResponding.count / tAlert.count, families: [skill], doc: Missed alerts. }]
    `)
    const on = (await listed('--on', '--profile', file)).map(({ name }) => name)
    expect(on).toEqual(expect.arrayContaining(['skill.missed', 'skill.tAcw.p99', 'skill.tAcd.max']))
    expect(on.filter((name) => !name.startsWith('skill.') || name === 'skill.tAcd.p99')).toEqual([])
  })

  test('refuses an unknown metric with near names', async () => {
    await expect(kpis('list', '--metric', 'tAnsered')).rejects.toThrow(
      new UsageError('there is no metric tAnsered; did you mean tAnswered?'),
    )
  })

  test('refuses active and inactive at once', async () => {
    const quiet = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    await expect(kpis('list', '--on', '--off')).rejects.toThrow("option '--on' cannot be used with option '--off'")
    quiet.mockRestore()
  })
})

describe('kpis describe', () => {
  test.each<[string, readonly RegExp[]]>([
    [
      'queue.tAnswered.p95',
      [
        /^95 % are at most this long/m,
        /^formula +quantile\(0\.95, tAnswered\)$/m,
        /^in profile +default version 1: off$/m,
        /^mark +O: observed/m,
      ],
    ],
    [
      'queue.serviceLevel',
      [/^unit +share$/m, /^tAbandon +At the end of the queue session\.$/m, /^source +S8, S23, O2/m],
    ],
    [
      'tAnswered',
      [
        /^families +queue, agent, /m,
        /^statistics +count, sum, min, max, avg, p50/m,
        /^emitted +At the agent's connect/m,
      ],
    ],
    ['asa', [/^formula +tAnswered\.sum \/ tAnswered\.count$/m, /^families +queue, agent/m]],
    ['agent.nOffered.count', [/^note +Genesys names no agent with it/m]],
    [
      'nStateTransitionError',
      [
        /^nStateTransitionError is not computed$/m,
        /^why +What counts as such an error is not documented/m,
        /^mark +U: unknown/m,
      ],
    ],
    ['conformance', [/^conformance is not computed$/m, /^instead +Its numerator/m]],
    ['oServiceLevel', [/^oServiceLevel$/m, /^serviceLevel$/m, /^formula +\(tAnswered\.count - nOverSla\.count\)/m]],
    ['oServiceTarget', [/^serviceTarget$/m, /a share from 0 to 1/]],
    ['utilization', [/^utilisation is not computed$/m]],
  ])('%s', async (name, said) => {
    const text = (await kpis('describe', name)).replace(/^ +/gm, '')
    for (const line of said) expect(text).toMatch(line)
  })

  test.each([
    ['queue.tAnswerd.p95', /did you mean queue\.tAnswered\.p95 or/],
    ['servicelevel', /did you mean serviceLevel\b/],
    ['tAnwsered', /did you mean tAnswered\?/],
    ['nStateTransitionErrors', /did you mean nStateTransitionError\?/],
    ['constructor', /^there is no KPI or metric constructor; streamvane kpis list shows what there is$/],
    ['__proto__', /^there is no KPI or metric __proto__/],
  ])('of %s, which there is not, asks what was meant', async (name, words) => {
    await expect(kpis('describe', name)).rejects.toThrow(words)
    await expect(kpis('describe', name)).rejects.toBeInstanceOf(UsageError)
  })

  test('knows the KPIs of a profile, and prints everything as JSON', async () => {
    const file = await profileFile(
      'kpis: [{ name: missed, unit: share, formula: tNotResponding.count / tAlert.count, families: [agent], doc: Missed alerts. }]',
    )
    const described = JSON.parse(await kpis('describe', 'agent.missed', '--profile', file, '--json')) as unknown
    expect(described).toMatchObject({
      kind: 'figure',
      name: 'agent.missed',
      metrics: ['tNotResponding', 'tAlert'],
      source: null,
      isOn: true,
    })
    expect(await kpis('describe', 'missed', '--profile', file)).toMatch(/^missed\n {2}Missed alerts\.\n/)
  })
})

describe('close names', () => {
  test('come nearest first, at most the requested number', () => {
    expect(nearNames('tAnswred', ['tAbandon', 'tAnswered', 'tAnswer', 'nOffered'])).toEqual(['tAnswered', 'tAnswer'])
    expect(nearNames('abcd', ['abce', 'abcf', 'abcg'], 2)).toEqual(['abce', 'abcf'])
  })

  test('tolerate missing, added, wrong and swapped letters, and their case', () => {
    for (const typo of ['tHanle', 'tHandlee', 'tHamdle', 'tHnadle', 'THANDLE'])
      expect(nearNames(typo, ['tHandle', 'nFlow'])).toEqual(['tHandle'])
  })

  test('include every name with one error', () => {
    const anyName = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), minLength: 4, maxLength: 9 })
    fc.assert(
      fc.property(anyName, fc.nat(), fc.constantFrom('drop', 'double', 'swap'), (name, at, slip) => {
        const i = at % (name.length - 1)
        const [head, one = '', two = '', tail] = [name.slice(0, i), name[i], name[i + 1], name.slice(i + 2)]
        const typo = { drop: head + two + tail, double: head + one + one + two + tail, swap: head + two + one + tail }[
          slip
        ]
        expect(nearNames(typo ?? '', [name, 'xyzxyzxyzxyz'])).toEqual([name])
      }),
    )
  })
})
