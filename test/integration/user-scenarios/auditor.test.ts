import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeRegistry } from '../../support/kafka.js'
import { kafkaDeployment } from '../../support/kafka-deployment.js'
import { jsonLines } from '../../support/streamvane.js'

const [FROM, TO] = ['2026-01-05T06:00:00Z', '2026-01-05T07:00:00Z']
const BEFORE = { points: 'detail-events', families: ['queue'], serviceLevel: { durationMs: 10_000 } }
const AFTER = { ...BEFORE, serviceLevel: { durationMs: 60_000 } }
const FOUND = 5

type Terms = Readonly<{ numerator: number; denominator: number }>
type Row = Readonly<{ queueId: string; intervalStart: string; kpis: Readonly<Partial<Record<'serviceLevel', Terms>>> }>
type Explained = Readonly<{
  addsUp: boolean
  rows: readonly Readonly<{
    generation: string
    kpis: readonly Readonly<{ name: string; numerator: number; denominator: number }>[]
    inForce: readonly Readonly<{ what: string; value: string }>[]
  }>[]
}>
type Recorded = Readonly<{ operation: string; by: string; why?: string; result: string }>

describeRegistry('an auditor', ({ brokers, registryUrl }) => {
  test('replays an interval after the service-level duration was changed: gets both numbers, the reason of each, and who changed it', async () => {
    const { dir, done } = await kafkaDeployment(
      { brokers, registryUrl },
      (prefix) => ({ topics: { queue: `${prefix}.queue` }, registry: { url: registryUrl, autoRegister: true } }),
      { profile: BEFORE },
    )
    const file = join(dir, 'morning.ndjson')
    await done(['simulate', ...'--seed 3 --hours 1 --queues 2 --agents 12 --from'.split(' '), FROM, '--out', file])
    await done(['import', file])
    await done(['topics', 'apply'])
    await done(['run', '--until-caught-up'])
    const rows = async (): Promise<readonly Row[]> =>
      jsonLines<Row>(await done(['rows', '--family', 'queue', '--from', FROM, '--to', TO, '--json']))
    const before = await rows()

    const profile = join(dir, 'after.json')
    await writeFile(profile, JSON.stringify(AFTER))
    await done(['what-if', '--profile', profile, '--from', FROM, '--to', TO, '--json'], '', FOUND)
    expect(await rows()).toEqual(before) // asking changes nothing
    const because = ['--by', 'the contract owner', '--why', 'the contract says 60 s']
    await done(['rebuild', '--profile', profile, ...because], '', FOUND)
    await done(['projections', 'promote', 'g2', '--yes', ...because])
    await done(['run', '--until-caught-up'])
    const after = await rows()

    // An interval whose service level changed.
    const changed = after.find(({ queueId, intervalStart, kpis }) => {
      const old = before.find((row) => row.queueId === queueId && row.intervalStart === intervalStart)
      return old !== undefined && kpis.serviceLevel?.numerator !== old.kpis.serviceLevel?.numerator
    })
    if (changed === undefined) throw new Error('no service level changed: the morning is too quiet')
    const old = before.find(
      ({ queueId, intervalStart }) => queueId === changed.queueId && intervalStart === changed.intervalStart,
    )
    const explained = async (generation: string) => {
      const asked = ['--family', 'queue', '--queue', changed.queueId, '--interval', changed.intervalStart]
      const of = ['--kpi', 'serviceLevel', '--generation', generation]
      const { addsUp, rows: found } = JSON.parse(await done(['explain', ...asked, ...of, '--json'])) as Explained
      const [row] = found
      const [kpi] = row?.kpis ?? []
      const duration = row?.inForce.map(({ what, value }) => `${what}: ${value}`).join('\n')
      return { addsUp, terms: { numerator: kpi?.numerator, denominator: kpi?.denominator }, duration }
    }
    expect(await explained('g1')).toEqual({
      addsUp: true,
      terms: old?.kpis.serviceLevel,
      duration: expect.stringMatching(/10[ _]?(s|000)/),
    })
    expect(await explained('g2')).toEqual({
      addsUp: true,
      terms: changed.kpis.serviceLevel,
      duration: expect.stringMatching(/60[ _]?(s|000)/),
    })

    await done(['replay', '--family', 'queue', '--from', FROM, '--to', TO, '--yes', ...because])
    await done(['verify'])
    await done(['verify', '--topic'])
    const log = jsonLines<Recorded>(await done(['audit', 'log', '--by', 'the contract owner', '--json']))
    expect(log.map(({ operation, why, result }) => [operation, why, result])).toEqual(
      ['rebuild', 'promote', 'replay'].map((operation) => [
        expect.stringContaining(operation) as string,
        'the contract says 60 s',
        'done',
      ]),
    )
  }, 240_000)
})
