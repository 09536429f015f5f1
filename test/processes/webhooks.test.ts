import { expect, onTestFinished, test } from 'vitest'
import { chance } from '../support/chance.js'
import { grownLog } from '../support/grown-log.js'
import { sinkUnderFire, type ArrivedRow } from '../support/sink-under-fire.js'
import { jsonLines } from '../support/streamvane.js'
import { Receiver, type Fault } from '../support/webhooks/receiver.js'

const DONE = { code: 0 }

const receiver = async (): Promise<Receiver> => {
  const started = await Receiver.start()
  onTestFinished(() => started.close())
  return started
}

/** The entry of `egress.sinks` for a receiver, and the variable that holds its key. */
const sinkFor = ({ url }: Receiver, more: Readonly<Record<string, unknown>> = {}) => ({
  ...{ use: 'webhooks', url, signingKeys: { env: 'HOOKS_KEY' } },
  ...more,
})

/** Rows in the order in which receivers took them, one after the other. */
const rowsOf = (receivers: readonly Receiver[]): readonly ArrivedRow[] =>
  receivers.flatMap(({ taken }) =>
    taken.flatMap(({ events }) =>
      events
        .filter(({ type }) => !type.includes('-complete'))
        .map(({ id: identity, data }) => {
          const { generation, key, revision } = data
          return { identity, generation, key, revision, value: JSON.stringify(data) }
        }),
    ),
  )

sinkUnderFire('webhooks', async () => {
  const lives = [await receiver()]
  const secret = lives[0]?.secret as string
  const random = chance(7)
  const faults: readonly Fault[] = ['drop', 'lose', { status: 503, headers: { 'retry-after': '0' } }, { status: 500 }]
  const misbehave = (to: Receiver | undefined): void => {
    if (to !== undefined) to.judge = () => (random.below(100) === 0 ? random.oneOf(faults) : undefined)
  }
  misbehave(lives[0])
  return {
    sink: sinkFor(lives[0] as Receiver),
    env: { HOOKS_KEY: secret },
    promises: 'at-least-once',
    values: 'json',
    arrived: async () => rowsOf(lives),
    crash: async () => {
      const { port, close } = { port: lives.at(-1)?.port as number, close: () => lives.at(-1)?.close() }
      await close()
      const next = await Receiver.start({ secret, port })
      onTestFinished(() => next.close())
      misbehave(next)
      lives.push(next)
    },
    finally: async () => {
      expect(lives.flatMap(({ overlaps }) => overlaps)).toEqual([])
      expect(lives.flatMap(({ unverified }) => unverified)).toEqual([])
    },
  }
})

test('410 ends the egress; a record that the receiver refuses is set aside, listed and sent again by a replay', async () => {
  const to = await receiver()
  const egress = { sinks: [{ name: 'hooks', ...sinkFor(to, { families: ['queue'] }) }] }
  const { ran } = await grownLog(100, egress, { env: { HOOKS_KEY: to.secret } })
  const publish = () => ran('run', '--until-caught-up', '--only', 'egress')
  to.judge = () => ({ status: 410 })
  expect(await publish()).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('take this sink out of egress.sinks'),
  })
  const refusedId = to.attempts[0]?.events[0]?.id ?? ''
  to.judge = ({ events: [event] }) => (event?.id === refusedId ? { status: 422, body: 'no such queue' } : undefined)
  expect(await publish()).toMatchObject({ ...DONE, stderr: expect.stringContaining('was set aside') })
  const listed = jsonLines<Readonly<{ sink: string; id: string; reason: string; time: string }>>(
    (await ran('egress', 'refused', '--json')).stdout,
  )
  expect(listed).toEqual([
    expect.objectContaining({ sink: 'hooks', id: refusedId, reason: expect.stringContaining('422: no such queue') }),
  ])
  expect((await ran('egress', 'refused')).stdout).toContain('1 refused records; streamvane replay --sink')
  expect(to.taken.flatMap(({ events }) => events).map(({ id }) => id)).not.toContain(refusedId)

  to.judge = () => undefined
  const from = listed[0]?.time ?? ''
  const range = ['--from', from, '--to', new Date(Date.parse(from) + 1).toISOString()]
  expect(await ran('replay', '--sink', 'hooks', ...range, '--yes')).toMatchObject(DONE)
  const key = refusedId.slice(refusedId.indexOf('/') + 1, refusedId.lastIndexOf('/'))
  const sentAgain = to.taken.flatMap(({ events }) => events).filter(({ replay }) => replay === true)
  expect(sentAgain.map(({ data }) => data.key)).toContain(key)
})
