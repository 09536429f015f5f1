import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { unknownIn } from '../support/prometheus/asked-for.js'
import { describePrometheus } from '../support/prometheus/programs.js'

const ROOT = join(import.meta.dirname, '../..')
const RULES = join(ROOT, 'deploy/prometheus/streamvane.rules.yaml')
const TESTS = join(ROOT, 'deploy/prometheus/streamvane.rules.test.yaml')
const RUNBOOKS = join(ROOT, 'docs/runbooks')

type Rule = Readonly<{
  alert: string
  expr: string
  labels: Readonly<{ severity: string }>
  annotations: Readonly<Record<'summary' | 'description' | 'runbook_url', string>>
}>

const rules = (
  parse(readFileSync(RULES, 'utf8')) as Readonly<{ groups: readonly Readonly<{ rules: readonly Rule[] }>[] }>
).groups.flatMap((group) => group.rules)

describe('the alerts of Prometheus', () => {
  test('have names of their own, a severity, and texts', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    for (const { alert, labels, annotations } of rules) {
      expect(alert).toMatch(/^Streamvane[A-Z]/)
      expect(['critical', 'warning', 'info']).toContain(labels.severity)
      expect(annotations.summary, alert).not.toBe('')
      expect(annotations.description, alert).not.toBe('')
    }
  })

  test('ask for metrics, labels and values that the catalogue has', () => {
    expect(rules.flatMap(({ alert, expr }) => unknownIn(expr).map((what) => `${alert}: ${what}`))).toEqual([])
  })

  test.each([
    ['a metric that is not there', 'streamvane_moons > 1', ['streamvane_moons']],
    ['a label that the metric lacks', 'streamvane_ready{sink="kafka"} == 0', ['streamvane_ready{sink}']],
    [
      'a value that the label never has',
      'streamvane_stage_trouble{trouble=~"no-progress|moon"} == 1',
      ['streamvane_stage_trouble{trouble="moon"}'],
    ],
    ['a group by a label that no metric has', 'sum by (queue) (streamvane_ready)', ['by (queue)']],
    [
      'a histogram without its suffix',
      'rate(streamvane_fold_duration_seconds[5m])',
      ['streamvane_fold_duration_seconds'],
    ],
  ])('the check finds %s', (_, expression, found) => {
    expect(unknownIn(expression)).toEqual(found)
  })

  test('have a runbook each, to which they point and which shows their expression; no runbook is without its alert', () => {
    const pages = readdirSync(RUNBOOKS).filter((file) => /^Streamvane.*\.md$/.test(file))
    expect(pages.toSorted()).toEqual(rules.map(({ alert }) => `${alert}.md`).toSorted())
    for (const { alert, expr, labels, annotations } of rules) {
      expect(annotations.runbook_url, alert).toMatch(new RegExp(`/docs/runbooks/${alert}\\.md$`))
      const page = readFileSync(join(RUNBOOKS, `${alert}.md`), 'utf8')
      expect(page, alert).toContain(`# ${alert}\n`)
      expect(page, alert).toContain(`Severity ${labels.severity}`)
      expect(page.replace(/\s+/g, ' '), alert).toContain(expr.replace(/\s+/g, ' '))
      for (const part of ['What it means', 'What the operator sees', 'How to check', 'What to do', 'When to escalate'])
        expect(page, alert).toMatch(new RegExp(`## ${part}\n\n\\S`))
    }
  })
})

/** promtool takes both cores for seconds, and there may be other work on them. */
const PROMTOOL_MAX_MS = 120_000

describePrometheus('the alerts, by promtool', () => {
  test(
    'each is silent while all is well, fires after its time, and is silent when it is over',
    () => {
      execFileSync('promtool', ['test', 'rules', TESTS], { stdio: 'pipe' })
      const tested = parse(readFileSync(TESTS, 'utf8')) as Readonly<{ tests: readonly Readonly<{ name: string }>[] }>
      expect(tested.tests.map(({ name }) => name).toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted())
    },
    PROMTOOL_MAX_MS,
  )

  test(
    'a rule that does not fire fails these tests',
    async () => {
      const dir = await mkdtemp(join(tmpdir(), 'streamvane-rules-'))
      onTestFinished(() => rm(dir, { recursive: true }))
      const broken = (await readFile(RULES, 'utf8')).replace(
        '{trouble="no-progress"}) == 1',
        '{trouble="no-progress"}) == 2',
      )
      await writeFile(join(dir, 'streamvane.rules.yaml'), broken)
      await writeFile(join(dir, 'tests.yaml'), await readFile(TESTS))
      const tested = spawnSync('promtool', ['test', 'rules', join(dir, 'tests.yaml')], { encoding: 'utf8' })
      expect(tested.status).toBe(1)
      expect(tested.stdout + tested.stderr).toContain('StreamvaneStageStalled')
    },
    PROMTOOL_MAX_MS,
  )
})
