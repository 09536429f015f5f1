import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { kpisPage } from '../../dev/kpis-page.js'
import { families, familyNames } from '../../src/domain/family.js'
import { builtInKpis, type Kpi } from '../../src/domain/kpi.js'
import { evidenceLevels, metricTexts } from '../../src/domain/metric-texts.js'
import {
  isMetricName,
  metricDoc,
  metricEmitted,
  metricGroup,
  metricKind,
  metricEvidence,
  metricNames,
  metricSource,
  metricUnit,
} from '../../src/domain/metric.js'
import { namedKpis, statisticsOf, type NamedKpi } from '../../src/domain/named-kpi.js'
import { aliases, notComputed } from '../../src/domain/not-computed.js'
import { defaultProfile, type Profile } from '../../src/domain/profile.js'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const sources = new Set([...read('docs/sources.md').matchAll(/^\| ([SO]\d+) \|/gm)].map(([, id]) => id))
const profile = (more: Partial<Profile> = {}): Profile => ({ ...defaultProfile, ...more })
const named = (name: string, of = defaultProfile): NamedKpi | undefined =>
  namedKpis(of).find((one) => one.name === name)

/** The metrics of Genesys's metric records, as its interface lists them. */
const OF_METRIC_RECORDS = [
  'nBlindTransferred nBotInteractions nCallbackAttempts nCallbackScheduled nCfcOffered nCobrowseSessions nConnected nConsult nConsultTransferred',
  'nConversations nError nOffered nOutbound nOutboundAbandoned nOutboundAttempted nOutboundConnected nOverSla nTakeover nTransferred',
  'oAudioMessageCount oExternalAudioMessageCount oExternalMediaCount oMediaCount oMessageCount oMessageSegmentCount oMessageTurn',
  'oSkillExpressionApplications tAbandon tAcd tActiveCallback tActiveCallbackComplete tAcw tAgentResponseTime tAgentVideoConnected tAlert tAnswered',
  'tAverageAgentResponseTime tAverageCustomerResponseTime tBarging tCallbackAbandon tCallbackConnect tCallbackNotReached tCallbackVirtualWait',
  'tCfcAbandon tCfcAcd tCfcAnswered tCfcFlowOut tCoaching tCoachingComplete tConnected tContacting tDialing tFirstConnect tFirstDial',
  'tFirstEngagement tFirstResponse tFlowOut tHandle tHeld tHeldComplete tIvr tMonitoring tMonitoringComplete tNotResponding tPark tParkComplete',
  'tScreenMonitoring tSnippetRecord tTalk tTalkComplete tTransmitting tUserResponseTime tVoicemail',
].flatMap((line) => line.split(' '))
const OF_FLOW_RECORDS =
  'nFlow nFlowMilestone nFlowOutcome nFlowOutcomeFailed oFlowMilestone tFlow tFlowDisconnect tFlowExit tFlowOutcome'.split(
    ' ',
  )
const AT_QUERY_TIME =
  'oServiceLevel oServiceTarget tWait tShortAbandon nCallbackOverSla oCallbackServiceLevel nStateTransitionError'.split(
    ' ',
  )

describe('the catalogue', () => {
  const ofGroup = (group: string): readonly string[] => metricNames.filter((metric) => metricGroup(metric) === group)

  test('holds the 73 metrics of metric records, and the 9 of flows', () => {
    expect(OF_METRIC_RECORDS).toHaveLength(73)
    expect([...ofGroup('interaction')].sort()).toEqual([...OF_METRIC_RECORDS].sort())
    expect([...ofGroup('flow')].sort()).toEqual([...OF_FLOW_RECORDS].sort())
  })

  test.each(AT_QUERY_TIME)(
    '%s, which Genesys derives when queried, is computed, or has another name, or is said not to be',
    (name) => {
      expect(
        [
          ofGroup('query-time').includes(name),
          Object.hasOwn(aliases, name),
          notComputed.some((one) => one.name === name),
        ].filter(Boolean),
      ).toHaveLength(1)
    },
  )

  test('says of every metric and no other what it means, when it is stamped, where that is from and how well it is known', () => {
    expect(Object.keys(metricTexts).sort()).toEqual([...metricNames].sort())
    for (const metric of metricNames) {
      for (const sentence of [metricDoc(metric), metricEmitted(metric)])
        expect([metric, sentence]).toEqual([metric, expect.stringMatching(/^[A-Zt].{8,}\.$/)])
      expect(Object.keys(evidenceLevels)).toContain(metricEvidence(metric))
    }
  })

  test('names sources that the list of sources has', () => {
    expect(sources.size).toBeGreaterThan(20)
    const cited = [
      ...metricNames.map(metricSource),
      ...builtInKpis.map(({ source }) => source),
      ...notComputed.flatMap(({ source }) => source ?? []),
    ]
    for (const id of cited.flatMap((source) => source.split(', '))) expect(sources).toContain(id)
  })

  test('tells kinds by the letter that a name begins with, and units by kinds', () => {
    for (const metric of metricNames) {
      const kinds = { n: ['count'], o: ['observation'], t: ['duration', 'state'] }[metric.charAt(0) as 'n' | 'o' | 't']
      expect(kinds).toContain(metricKind(metric))
    }
    expect(['nOffered', 'tAcw', 'oMessageTurn', 'tSystemPresence'].filter(isMetricName).map(metricUnit)).toEqual([
      'count',
      'ms',
      'number',
      'ms',
    ])
  })

  test('what is not computed says why, and is not computed', () => {
    for (const { name, why } of notComputed) {
      expect(why).toMatch(/\.$/)
      expect(isMetricName(name)).toBe(false)
      expect(builtInKpis.map((kpi) => kpi.name)).not.toContain(name)
    }
  })
})

describe('named KPIs', () => {
  test('are more than 1,200, each by a name of its own', () => {
    const names = namedKpis(defaultProfile).map(({ name }) => name)
    expect(names.length).toBeGreaterThan(1_200)
    expect(new Set(names).size).toBe(names.length)
  })

  test('are all that a profile with everything on has on', () => {
    const everything = profile({
      families: familyNames,
      quantiles: metricNames.filter((metric) => metricKind(metric) === 'duration'),
    })
    expect(namedKpis(everything).filter(({ isOn }) => !isOn)).toEqual([])
    expect(namedKpis(everything).map(({ name }) => name)).toEqual(namedKpis(defaultProfile).map(({ name }) => name))
  })

  test('by family are its metrics with their statistics, and its KPIs', () => {
    for (const family of familyNames) {
      const { metrics } = families[family]
      const kpis = builtInKpis.filter((kpi) => kpi.families.includes(family))
      const expected = [
        ...metrics.flatMap((metric) => statisticsOf(metric).map((statistic) => `${family}.${metric}.${statistic}`)),
        ...kpis.map(({ name }) => `${family}.${name}`),
      ]
      expect(
        namedKpis(defaultProfile)
          .filter((one) => one.family === family)
          .map(({ name }) => name),
      ).toEqual(expected)
    }
  })

  test('counts have a count, durations all, observations no quantiles, states a sum', () => {
    expect(statisticsOf('nOffered')).toEqual(['count'])
    expect(statisticsOf('tAnswered')).toEqual(['count', 'sum', 'min', 'max', 'avg', 'p50', 'p90', 'p95', 'p99'])
    expect(statisticsOf('oMessageTurn')).toEqual(['count', 'sum', 'min', 'max', 'avg'])
    expect(statisticsOf('tRoutingStatusIdle')).toEqual(['sum'])
  })

  test.each([
    ['queue.nOffered.count', 'count', 'nOffered.count'],
    ['queue.tAnswered.count', 'count', 'tAnswered.count'],
    ['queue.tAnswered.sum', 'ms', 'tAnswered.sum'],
    ['queue.tAnswered.avg', 'ms', 'tAnswered.sum / tAnswered.count'],
    ['queue.tAnswered.p95', 'ms', 'quantile(0.95, tAnswered)'],
    ['queue.oMessageTurn.max', 'number', 'oMessageTurn.max'],
    ['agent-occupancy.tRoutingStatusIdle.sum', 'ms', 'tRoutingStatusIdle.sum'],
    ['flow.tFlow.min', 'ms', 'tFlow.min'],
    ['queue.asa', 'ms', 'tAnswered.sum / tAnswered.count'],
  ])('%s is in %s: %s', (name, unit, formula) => {
    expect(named(name)).toMatchObject({ unit, formula })
  })

  test('quantiles are on where the profile names family and metric', () => {
    const some = profile({ families: ['queue'], quantiles: ['tAnswered'] })
    const on = (name: string): boolean | undefined => named(name, some)?.isOn
    expect([on('queue.tAnswered.p50'), on('queue.tAbandon.p50'), on('agent.tAnswered.p50')]).toEqual([
      true,
      false,
      false,
    ])
    expect([on('queue.tAbandon.avg'), on('queue.asa'), on('skill.tAbandon.avg'), on('skill.asa')]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  test('hold those of the profile, without a source, in its families', () => {
    const own: Kpi = {
      name: 'missed',
      unit: 'share',
      formula: 'tNotResponding.count / tAlert.count',
      families: ['agent', 'skill'],
      doc: 'Missed alerts.',
    }
    const with1 = profile({ kpis: [own] })
    expect(named('agent.missed', with1)).toMatchObject({
      doc: 'Missed alerts.',
      metrics: ['tNotResponding', 'tAlert'],
      source: null,
      mark: null,
      isOn: true,
    })
    expect(named('skill.missed', with1)?.isOn).toBe(false)
    expect(named('queue.missed', with1)).toBeUndefined()
  })

  test('say of agents what they never have', () => {
    expect(named('agent.nOffered.count')?.note).toMatch(/no agent/)
    expect(named('queue.nOffered.count')?.note).toBeNull()
    expect(named('agent.tAnswered.count')?.note).toBeNull()
  })
})

test('docs/kpis.md is what the catalogue says', () => {
  expect(read('docs/kpis.md'), 'run `npx tsx dev/write-kpis.ts` and review the difference').toBe(kpisPage())
})

test('docs/kpis.md names every KPI', () => {
  const page = kpisPage()
  const listed = [...page.matchAll(/^\| `([\w-]+\.\w+)` \| (.*?) \|/gm)].flatMap(([, metric = '', statistics = '']) =>
    [...statistics.matchAll(/`(\.\w+)`/g)].map(([, statistic = '']) => metric + statistic),
  )
  const kpis = [...page.matchAll(/`([\w-]+\.\w+)`(?! \|)/g)].map(([, name]) => name)
  const known = new Set<string | undefined>([...listed, ...kpis])
  expect(namedKpis(defaultProfile).filter(({ name }) => !known.has(name))).toEqual([])
})
