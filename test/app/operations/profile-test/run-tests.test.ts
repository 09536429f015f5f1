import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../../../src/app/config/schema.js'
import { junitXml } from '../../../../src/app/operations/profile-test/junit.js'
import { mismatchLines } from '../../../../src/app/operations/profile-test/mismatch-text.js'
import { readProfileTests } from '../../../../src/app/operations/profile-test/read-file.js'
import { hasPassed, runProfileTest, type TestOutcome } from '../../../../src/app/operations/profile-test/run-tests.js'
import { scratchFolder } from '../../../support/streamvane.js'

const fileOf = async (text: string): Promise<string> => {
  const file = join(await scratchFolder(), 'it.test.yaml')
  await writeFile(file, text)
  return file
}

const outcomeOf = async (text: string): Promise<TestOutcome> => {
  const [test] = readProfileTests(await fileOf(text)).tests
  if (test === undefined) throw new Error('the file holds no test')
  return runProfileTest(test, new AbortController().signal)
}

const wrongs = ({ failures }: TestOutcome): readonly string[] =>
  failures.flatMap(({ mismatch }) => mismatchLines(mismatch)).map((line) => line.trim())

/** A test of three offered and two answered contacts, with this expectation. */
const withExpected = (expected: string, given = ''): string => `
profile: { families: [queue, agent], kpis: [{ name: late, unit: count, formula: nOverSla.count, families: [queue] }] }
tests:
  - name: a quarter
    given:
      - { metric: nOffered, at: '2026-01-05T08:01:00Z', queue: sales, times: 3 }
      - { metric: tAnswered, at: '2026-01-05T08:02:00Z', queue: sales, agent: anna, value: 12s }
      - { metric: tAnswered, at: '2026-01-05T08:03:00Z', queue: sales, agent: anna, value: 24s }
      - { metric: nOverSla, at: '2026-01-05T08:03:00Z', queue: sales, agent: anna }
${given}
    expect:
      - { family: queue, interval: '2026-01-05T08:00:00Z', ${expected} }
`

describe('an expectation holds', () => {
  test.each([
    'measures: { nOffered: 3, tAnswered: { count: 2, sum: 36s, min: 12000, max: 0.4min }, nOverSla: 1, tAcw: null }',
    'measures: { nTransferred: 0 }',
    'kpis: { serviceLevel: 0.5, asa: 18s, answerRate: 66.7 %, late: 1, aht: null }',
    'kpis: { serviceLevel: 1/2, answerRate: { numerator: 2, denominator: 3 } }',
    'queue: sales, media: voice, granularity: PT15M, status: final, serviceTarget: null',
    'queue: service, absent: true',
  ])('%s', async (expected) => {
    const outcome = await outcomeOf(withExpected(expected))
    expect(wrongs(outcome)).toEqual([])
    expect(hasPassed(outcome)).toBe(true)
  })
})

describe('an expectation fails with what was expected and what was', () => {
  test.each([
    [
      'measures: { nOffered: 4, tAcw: { count: 1 } }',
      ['nOffered.count: expected 4, was 3', 'tAcw.count: expected 1, was nothing'],
    ],
    ['measures: { tAnswered: null }', ['tAnswered: expected none, was count 2, sum 36000']],
    ['kpis: { serviceLevel: 0.51 }', ['serviceLevel: expected 0.51, was 50 % (1/2)']],
    ['kpis: { answerRate: 66.6 % }', ['answerRate: expected 66.6 %, was 66.6667 % (2/3)']],
    ['kpis: { serviceLevel: 2/4 }', ['serviceLevel: expected 2/4, was 50 % (1/2)']],
    [
      'kpis: { aht: 5s, asa: null }',
      ['aht: expected 5000, was nothing', 'asa: expected no value, was 18000 (36000/2)'],
    ],
    [
      'status: provisional, serviceTarget: 0.8',
      ['status: expected provisional, was final', 'serviceTarget: expected 0.8, was nothing'],
    ],
    [
      'queue: service',
      [
        'there is no such row',
        'rows of this family:',
        'queue queueId sales mediaType voice PT15M 2026-01-05T08:00:00.000Z',
      ],
    ],
    [
      'queue: sales, absent: true',
      ['queue queueId sales mediaType voice PT15M 2026-01-05T08:00:00.000Z should be absent'],
    ],
  ])('%s', async (expected, words) => {
    const outcome = await outcomeOf(withExpected(expected))
    expect(hasPassed(outcome)).toBe(false)
    const [first, ...rest] = wrongs(outcome)
    expect(first?.startsWith('queue queueId sales') === true && rest.length > 0 ? rest : [first, ...rest]).toEqual(
      words,
    )
  })

  test('also where several rows match, because none is named', async () => {
    const more = `      - { metric: nOffered, at: '2026-01-05T08:01:00Z', queue: service }`
    expect(wrongs(await outcomeOf(withExpected('measures: { nOffered: 3 }', more)))).toEqual([
      'several rows match; name more dimensions:',
      'queue queueId sales mediaType voice PT15M 2026-01-05T08:00:00.000Z',
      'queue queueId service mediaType voice PT15M 2026-01-05T08:00:00.000Z',
    ])
  })

  test('and with the explanation of the row: the formula that differs, and every point', async () => {
    const { failures } = await outcomeOf(withExpected('kpis: { serviceLevel: 1 }'))
    const [row] = failures[0]?.explanation?.rows ?? []
    expect(row?.kpis.map(({ name, numerator, denominator }) => [name, numerator, denominator])).toEqual([
      ['serviceLevel', 1, 2],
    ])
    expect(row?.contributions.map(({ metric, value }) => `${metric} ${value}`).sort()).toEqual([
      ...['nOffered 1', 'nOffered 1', 'nOffered 1', 'nOverSla 1', 'tAnswered 12000', 'tAnswered 24000'],
    ])
    expect(row?.verdict.addsUp).toBe(true)
  })
})

test('a given event that the ingress refuses fails the test, also where its expectations hold', async () => {
  const outcome = await outcomeOf(
    withExpected('measures: { nOffered: 3 }', '      - raw: { topicName: nonsense, eventBody: {} }'),
  )
  expect(outcome.failures).toEqual([])
  expect(outcome.unusable).toEqual([expect.stringMatching(/^tests\[0\].given\[4\]: unknown-topic: nonsense/)])
  expect(hasPassed(outcome)).toBe(false)
})

test('what is wrong with a file is told at once, each with its place and what is near', async () => {
  const file = await fileOf(`
profile: { families: [queue], rollUp: [P1D] }
testz: []
tests: []
`)
  expect(() => readProfileTests(file)).toThrow(ConfigError)
  expect(() => readProfileTests(file)).toThrow(/there is no testz; did you mean tests\?/)
  const other = await fileOf(`
profile: { families: [queue] }
tests:
  - name: wrong
    given:
      - { metric: tAnswred, at: '2026-01-05T08:02:00Z', value: 1s }
      - { metric: tAnswered, at: '2026-01-05 08:02', value: soon }
      - { metric: tWait, at: '2026-01-05T08:02:00Z', value: 1s }
      - { metrik: tWait }
      - { event: acd.end, at: '2026-01-05T08:02:00Z', quee: sales }
      - { event: acd.end, at: '2026-01-05T08:02:00Z', queue: sales }
      - { file: no-such.ndjson }
    expect:
      - { family: queue, interval: '2026-01-05T08:01:00Z', measures: { tAnswered: 2, nOfered: 1 }, kpis: { serviceLevl: 1 } }
      - { family: agent, interval: '2026-01-05T08:00:00Z', skill: x }
      - { family: queue, interval: '2026-01-05T08:00:00Z', granularity: PT1H, kpis: { asa: fast } }
`)
  let told = ''
  try {
    readProfileTests(other)
  } catch (cause) {
    told = (cause as Error).message
  }
  for (const words of [
    'tests[0].given[0]: there is no tAnswred; did you mean tAnswered?',
    'tests[0].given[1]: 2026-01-05 08:02 is not an instant with its zone, such as 2026-01-05T08:00:00Z',
    'tests[0].given[1]: value soon is neither a number nor a time such as 12s',
    'tests[0].given[2]: tWait is worked out for the row; give the metrics it is made of',
    'tests[0].given[3]: nothing in it says what is given: there is no metrik; did you mean metric?',
    'tests[0].given[4]: there is no quee; did you mean queue?',
    'tests[0].given[5]: a detail event states no point for a profile with points: metric-records; it is for detail-events',
    'tests[0].given[6]: cannot read ',
    'tests[0].expect[0].interval: no interval of PT15M begins at 2026-01-05T08:01:00Z; take 2026-01-05T08:00:00.000Z or',
    'tests[0].expect[0].measures.tAnswered: tAnswered has several statistics: write { count: …, sum: … }',
    'tests[0].expect[0].measures: there is no nOfered; did you mean nOffered?',
    'tests[0].expect[0].kpis: there is no serviceLevl; did you mean serviceLevel?',
    'tests[0].expect[1]: the profile has no rows of family agent; it has queue',
    'tests[0].expect[1].skill: rows of family agent have no skill; they have userId, queueId, mediaType',
    'tests[0].expect[2]: the profile has no intervals of PT1H; it has PT15M',
    'tests[0].expect[2].kpis.asa: "fast" is no value of a KPI',
  ])
    expect(told).toContain(words)
})

test('the outcomes are written as JUnit XML, with everything escaped', async () => {
  const failed = await outcomeOf(withExpected('kpis: { serviceLevel: 1 }').replace('a quarter', 'a <quarter> & "more"'))
  const passed = await outcomeOf(withExpected('measures: { nOffered: 3 }'))
  const xml = junitXml([{ file: 'a&b.yaml', tests: [failed, passed] }]).replaceAll(/time="[^"]*"/g, 'time=""')
  expect(xml).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="2" failures="1" errors="0" time="">
  <testsuite name="a&amp;b.yaml" tests="2" failures="1" errors="0" time="">
    <testcase classname="a&amp;b.yaml" name="a &lt;quarter&gt; &amp; &quot;more&quot;" time="">
      <failure message="tests[0].expect[0]">tests[0].expect[0]
  queue queueId sales mediaType voice PT15M 2026-01-05T08:00:00.000Z
    serviceLevel: expected 1, was 50 % (1/2)</failure>
    </testcase>
    <testcase classname="a&amp;b.yaml" name="a quarter" time=""/>
  </testsuite>
</testsuites>
`)
})
