import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test, vi } from 'vitest'
import type { ReconcileReport } from '../../src/app/reconcile/report/report.js'
import { appendsOf } from '../../src/contract/kpi-stream/marks.js'
import { rowEvents } from '../support/kpi-events.js'
import { promote, readGenerations, startGeneration } from '../../src/app/pipeline/generations.js'
import { embeddedLogs } from '../../src/app/pipeline/logs/logs.js'
import { correctionsCommand } from '../../src/cli/corrections.js'
import { exitCodeOf, wordsOf } from '../../src/cli/command/exit.js'
import { reconcileCommand } from '../../src/cli/reconcile.js'
import { defaultProfile } from '../../src/domain/profile.js'
import type { Row } from '../../src/domain/row.js'
import { kpiStream } from '../../src/domain/stream-name.js'
import { jsonLines, scratchFolder, streamvane, type Outcome } from '../support/streamvane.js'
import { right } from '../support/right.js'
import { at, restated, sales, salesSaid, said } from '../app/reconcile/fixtures.js'

const HALF = [at(0), at(2)] as const

/** A data folder whose live generation g1 of tenant t holds these batches of rows. */
const dataOf = async (...batches: (readonly Row[])[]): Promise<string> => {
  const data = await scratchFolder()
  const logs = embeddedLogs(data, 'test')
  await logs.changingControl(async (control) => {
    const { state } = await startGeneration(
      control,
      't',
      await readGenerations(control, 't'),
      defaultProfile,
      undefined,
      new Date(0),
    )
    await promote(control, 't', state, 'g1', new Date(0))
  })
  const kpi = await logs.kpi('g1', 'writer')
  for (const [index, rows] of batches.entries()) {
    const position = BigInt(index + 1)
    for (const events of appendsOf('t', 'g1', rowEvents('t', 'g1', rows, position), position))
      right((await kpi.append([{ stream: kpiStream('t', 'g1'), expected: 'any', events }]))[0])
  }
  await logs.close()
  return data
}

const answerIn = async (folder: string, answer: unknown): Promise<string> => {
  const file = join(folder, 'answer.json')
  await writeFile(file, JSON.stringify(answer, null, 2))
  return file
}

/** Runs a command in this process, as main does: a process of its own costs a second and more. */
const run = async (name: 'reconcile' | 'corrections', data: string, args: readonly string[]): Promise<Outcome> => {
  const [stdout, stderr]: [string[], string[]] = [[], []]
  const before = {
    exitCode: process.exitCode,
    SIGINT: process.listeners('SIGINT'),
    SIGTERM: process.listeners('SIGTERM'),
  }
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((text: string) => void stdout.push(`${text}\n`)),
    vi.spyOn(console, 'error').mockImplementation((text: string) => void stderr.push(`${text}\n`)),
  ]
  try {
    const command = name === 'reconcile' ? reconcileCommand() : correctionsCommand()
    command.configureOutput({ writeErr: (text) => void stderr.push(text) })
    const code = await command.parseAsync(['--data', data, '--tenant', 't', ...args], { from: 'user' }).then(
      () => Number(process.exitCode),
      (cause: unknown) => {
        const words = wordsOf(cause)
        stderr.push(words instanceof Error ? (words.stack ?? words.message) : `${words as string}\n`)
        return exitCodeOf(cause)
      },
    )
    return { code, stdout: stdout.join(''), stderr: stderr.join('') }
  } finally {
    process.exitCode = before.exitCode
    for (const spy of spies) spy.mockRestore()
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      for (const listener of process.listeners(signal))
        if (!before[signal].includes(listener)) process.off(signal, listener)
  }
}

const env = (data: string) => ({ STREAMVANE_DATA: data, STREAMVANE_TENANT: 't' })
const first = sales(at(0), { nOffered: 2, tAnswered: [5_000, 9_000] })
const fine = { results: [salesSaid(said(HALF, { nOffered: 2, tAnswered: [5_000, 9_000] }))] }
const other = { results: [salesSaid(said(HALF, { nOffered: 3, tAnswered: [5_000, 9_000] }))] }

describe('reconcile', () => {
  test('ends with 0 if all figures are equal, read from gzip on standard input', { timeout: 60_000 }, async () => {
    const data = await dataOf([first])
    const { code, stdout, stderr } = await streamvane(['reconcile', '--aggregates', '-'], {
      env: env(data),
      stdin: gzipSync(JSON.stringify(fine)),
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(
      '2 figures of 1 groups compared with generation g1 (1 answer): 2 equal, 0 within tolerance, 0 different; 0 source rows contradict themselves\n',
    )
  })

  test('ends with 5 on differences, with the report as JSON and HTML; --exit-zero and tolerances apply', async () => {
    const data = await dataOf([first])
    const file = await answerIn(data, other)
    const html = join(data, 'report.html')
    const { code, stdout } = await run('reconcile', data, ['--aggregates', file, '--json', '--html', html])
    expect(code).toBe(5)
    expect((JSON.parse(stdout) as ReconcileReport).differences).toEqual([
      {
        group: { mediaType: 'voice', queueId: 'sales' },
        family: 'queue',
        interval: { start: at(0), end: at(2) },
        metric: 'nOffered',
        qualifier: null,
        class: expect.any(String),
        because: expect.any(String),
        statistics: [{ statistic: 'count', theirs: 3, ours: 2, difference: 1 }],
        rows: { all: 1, provisional: 0, corrections: {} },
      },
    ])
    expect(await readFile(html, 'utf8')).toMatch(/^<!doctype html>.*nOffered/s)
    expect((await run('reconcile', data, ['--aggregates', file, '--exit-zero'])).code).toBe(0)
    expect((await run('reconcile', data, ['--aggregates', file, '--tolerance', 'nOffered=count:1'])).code).toBe(0)
  })

  test('ends with 5 if nothing could be compared', async () => {
    const data = await dataOf([first])
    const file = await answerIn(data, { results: [{ group: { ani: 'tel:+1' }, data: [said(HALF, { nOffered: 2 })] }] })
    const { code, stdout } = await run('reconcile', data, ['--aggregates', file])
    expect(code).toBe(5)
    expect(stdout).toContain('groups by ani: rows have no such dimension')
  })

  test.each([
    [['--aggregates', 'no-such-file.json'], /cannot read no-such-file\.json/],
    [['--aggregates', 'FILE', '--generation', 'g9'], /there is no generation g9; there are g1/],
    [['--aggregates', 'FILE', '--tolerance', 'nOffered'], /--tolerance nOffered is not/],
    [['--aggregates', 'FILE', '--where', 'ani=1'], /--where ani=1: rows have no ani/],
    [['--aggregates', 'FILE', '--from', '2026-01-06', '--to', '2026-01-05'], /is not before/],
    [['--aggregates', 'PROSE'], /holds no answers of the API: at byte 0/],
    [[], /--aggregates/],
  ])('wrong usage: %j', async (args, message) => {
    const data = await dataOf([first])
    const prose = join(data, 'prose.txt')
    await writeFile(prose, 'Bad Gateway')
    const file = await answerIn(data, fine)
    const { code, stdout, stderr } = await run('reconcile', data, [
      ...args.map((arg) => (arg === 'FILE' ? file : arg === 'PROSE' ? prose : arg)),
    ])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/^ +at /m)
  })

  test('ends with 2 before the first projection, and says so', async () => {
    const data = await scratchFolder()
    const { code, stderr } = await run('reconcile', data, ['--aggregates', await answerIn(data, fine)])
    expect(code).not.toBe(0)
    expect(stderr).not.toMatch(/^ +at /m)
  })
})

describe('corrections', () => {
  const late = restated(first, { nOffered: 3, tAnswered: [5_000, 9_000] }, 'late')

  test('prints the row, the reason, the place in the log, and before → after', async () => {
    const data = await dataOf([first], [late])
    const { code, stdout } = await run('corrections', data, [])
    expect(code).toBe(0)
    expect(stdout).toContain(`${first.key}  revision 1 → 2  late\n`)
    expect(stdout).toMatch(/row 2 of the stream, position \d+, with the raw log through 2/)
    expect(stdout).toContain('  nOffered: count 2 → 3\n')
    expect(stdout).toContain('late: 1 restatements of 1 rows')
  })

  test('prints one JSON object per line and nothing else on stdout', async () => {
    const data = await dataOf([first], [late])
    const { code, stdout, stderr } = await run('corrections', data, ['--json', '--reason', 'late', '--family', 'queue'])
    expect(code).toBe(0)
    expect(jsonLines(stdout)).toMatchObject([
      {
        key: first.key,
        reason: 'late',
        intervalStart: '2026-01-05T10:00:00.000Z',
        foldedThrough: '2',
        changes: expect.arrayContaining([{ figure: 'nOffered', statistic: 'count', before: 2, after: 3 }]),
      },
    ])
    expect(stderr).toContain('late: 1 restatements of 1 rows')
    const none = await run('corrections', data, ['--json', '--reason', 'settings'])
    expect(none).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('nothing was restated') })
  })

  test.each([
    [['--reason', 'mood'], /late, handled, recomputed, settings/],
    [['--from', '2026-01-06', '--to', '2026-01-05'], /is not before/],
    [['--generation', 'g7'], /there is no generation g7/],
  ])('wrong usage: %j', async (args, message) => {
    const { code, stdout, stderr } = await run('corrections', await dataOf([first]), args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
  })
})
