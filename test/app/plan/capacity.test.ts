import { describe, expect, test } from 'vitest'
import { capacityOf, type Figure } from '../../../src/app/plan/capacity.js'
import { rawEventBytes } from '../../../src/app/plan/load.js'
import { questionOf, type Question } from '../../../src/app/plan/question.js'
import { planCommand } from '../../../src/cli/plan.js'
import { inProcess } from '../../support/in-process.js'

const GIB = 1_024 ** 3
const figuresOf = (more: Partial<Question> = {}): ReadonlyMap<string, Figure> =>
  new Map(
    capacityOf(questionOf({ agents: 500, conversationsPerDay: 15_000, ...more }))
      .flatMap(({ figures }) => figures)
      .map((figure) => [figure.name, figure]),
  )
const valueOf = (name: string, more?: Partial<Question>): number => figuresOf(more).get(name)?.value ?? NaN

describe('the capacity plan', () => {
  test('grows in proportion: twice the centre needs twice the room and sends twice the records', () => {
    const twice = { agents: 1_000, conversationsPerDay: 30_000, queues: 40 }
    for (const name of ['events a day', 'raw log a day', 'KPI logs a day', 'kept on the brokers'])
      expect(valueOf(name, twice) / valueOf(name)).toBeCloseTo(2, 6)
  })

  test('says on which day the disk is full and when its alert fires before', () => {
    const grows = valueOf('grows a day')
    const [room, snapshots] = [100 * GIB, valueOf('snapshots')]
    expect(valueOf('days until the disk is full', { diskBytes: room })).toBeCloseTo((room - snapshots) / grows, 6)
    expect(valueOf('days until StreamvaneDiskFilling', { diskBytes: room })).toBeCloseTo(
      (0.85 * room - snapshots) / grows,
      6,
    )
    expect(figuresOf().has('days until the disk is full')).toBe(false)
  })

  test('a disk that does not hold the snapshots is full at once, not in negative days', () => {
    expect(valueOf('days until the disk is full', { diskBytes: 1 })).toBe(0)
  })

  test('events that come together take less room, and between two measured sizes the room falls steadily', () => {
    const sizes = [1, 2, 5, 10, 30, 100, 1_000].map(rawEventBytes)
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
    expect(rawEventBytes(1_000)).toBe(rawEventBytes(100))
    expect(valueOf('raw log a day', { eventsPerRequest: 100 })).toBeLessThan(valueOf('raw log a day') / 5)
  })

  test('units and partitions rise with a load that one does not carry', () => {
    const huge = { agents: 500_000, conversationsPerDay: 50_000_000 }
    for (const name of [
      'partitions of a topic',
      'Event Hubs throughput units, rows',
      'Service Bus messaging units, events',
    ])
      expect(valueOf(name, huge)).toBeGreaterThan(valueOf(name))
  })

  test('every figure has a number, a formula and a place it is from', () => {
    for (const { name, value, how, from } of figuresOf({ diskBytes: GIB }).values()) {
      expect(Number.isFinite(value) && value >= 0, name).toBe(true)
      expect(how, name).not.toBe('')
      expect(from, name).not.toBe('')
    }
  })
})

describe('streamvane plan', () => {
  const plan = (...args: readonly string[]) =>
    inProcess(planCommand(), ['--agents', '500', '--conversations-per-day', '15000', ...args])

  test('prints figures with formulas, and names what it assumed', async () => {
    const { code, stdout } = await plan('--disk', '200GiB', '--queues', '30')
    expect(code).toBe(0)
    expect(stdout).toMatch(/days until the disk is full +\d/)
    expect(stdout).toMatch(/raw log a day .*events × 1707, 1 a request/)
    expect(stdout).toMatch(/retentionDays 90: egress.kafka.retentionMs/)
    expect(stdout).not.toContain('  queues ')
  })

  test('prints the same as JSON, in bytes and counts', async () => {
    const { stdout } = await plan('--json', '--media', 'voice=0.5,email=0.5', '--interval', '30', '--events', 'both')
    const answer = JSON.parse(stdout) as { question: Question; sections: { figures: Figure[] }[] }
    expect(answer.question).toMatchObject({ intervalMinutes: 30, surfaces: 'both', media: { voice: 0.5, chat: 0 } })
    const byName = new Map(answer.sections.flatMap(({ figures }) => figures).map((figure) => [figure.name, figure]))
    expect(byName.get('events a day')?.value).toBe(
      valueOf('events a day', { surfaces: 'both', media: { voice: 0.5, chat: 0, message: 0, email: 0.5 } }),
    )
  })

  test.each([
    [['--media', 'voice=0.5'], /shares add up to 0.500, not to 1/],
    [['--media', 'fax=1'], /fax=1 is not one of voice, chat, message, email/],
    [['--disk', 'big'], /--disk big is not a size; write it as 200GiB/],
    [['--peak-factor', '0.5'], /not a number of at least 1/],
    [['--interval', '20'], /Allowed choices are 15, 30, 60/],
  ])('refuses %j with what to write', async (args, words) => {
    expect(await plan(...args)).toMatchObject({ code: 2, stderr: expect.stringMatching(words) as string })
  })
})
