import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../../src/credentials/secret.js'
import { SourceRefused } from '../../../src/ingress/source.js'
import { events } from '../../http/served.js'
import { standInSqs, type StandInSqs } from '../../support/sqs/server.js'
import { sourceAt, standInSource } from '../../support/sqs/stand-in-source.js'
import { storing } from '../storing.js'

const send = (sqs: StandInSqs, count: number, from = 0): void =>
  events(count, from).forEach((raw) => sqs.queue('events').send(raw.toString('utf8')))

test('messages that AWS gives out twice, and those that could not be deleted, are stored once', async () => {
  const { sqs, source } = await standInSource()
  const queue = sqs.queue('events')
  const log = storing()
  const running = await source.start(async (batch) => {
    queue.giveTwice = log.batches.length === 0 ? 5 : 0
    return log.deliver(batch)
  })
  onTestFinished(() => running.close())
  queue.failDeletes = 4
  send(sqs, 25)
  await queue.isEmpty()
  expect(await log.storedCount()).toBe(25)
})

test('a message whose visibility timeout is over before it is deleted comes again, and is stored once', async () => {
  const { sqs, source } = await standInSource()
  const queue = sqs.queue('events')
  const log = storing()
  const running = await source.start(async (batch) => {
    const receipt = await log.deliver(batch)
    if (log.batches.length === 1) queue.failDeletes = 3
    return receipt
  })
  onTestFinished(() => running.close())
  send(sqs, 1)
  while (queue.failDeletes > 0 || log.receipts.length === 0) await sqs.asking()
  queue.expire()
  await queue.isEmpty()
  expect(log.receipts.map(({ stored, duplicate }) => [stored, duplicate])).toEqual([
    [1, 0],
    [0, 1],
  ])
})

test('messages stay hidden while the log takes nothing, and are neither given out again nor set aside', async () => {
  const sqs = await standInSqs(['events'], 0, 1)
  onTestFinished(() => sqs.close())
  const queue = sqs.queue('events')
  queue.visibilityEnds = false
  const log = storing()
  log.goAway()
  const running = await sourceAt(sqs, { visibilitySeconds: 1 }).start(log.deliver)
  onTestFinished(() => running.close())
  send(sqs, 3)
  while (queue.seen.extended < 9) await queue.changes()
  expect(running.health?.()).toMatchObject({ state: 'paused' })
  log.comeBack()
  await queue.isEmpty()
  expect(await log.storedCount()).toBe(3)
  expect(queue.deadLetters).toEqual([])
})

test('close gives back what the log did not take', async () => {
  const { sqs, source } = await standInSource()
  const log = storing()
  log.goAway()
  const running = await source.start(log.deliver)
  const refused = log.refused()
  send(sqs, 3)
  await refused
  await running.close()
  expect(sqs.queue('events').seen.givenBack).toBe(3)
  expect(sqs.queue('events').visible).toBe(3)
})

test('a message that is no event is a dead letter of the log and leaves the queue, as the others of its batch do', async () => {
  const { sqs, source } = await standInSource()
  const queue = sqs.queue('events')
  const log = storing()
  const running = await source.start(log.deliver)
  onTestFinished(() => running.close())
  queue.send('{"broken":')
  send(sqs, 2)
  await queue.isEmpty()
  expect(log.receipts.reduce((sum, { stored }) => sum + stored, 0)).toBe(2)
  expect(log.receipts.reduce((sum, { deadLettered }) => sum + deadLettered, 0)).toBe(1)
})

describe('an SQS source whose connection breaks', () => {
  test('asks again after connections that are cut', async () => {
    const { sqs, source } = await standInSource()
    const log = storing()
    const running = await source.start(log.deliver)
    onTestFinished(() => running.close())
    send(sqs, 5)
    await sqs.queue('events').isEmpty()
    sqs.dropConnections()
    send(sqs, 5, 5)
    sqs.queue('events').expire()
    await sqs.queue('events').isEmpty()
    expect(await log.storedCount()).toBe(10)
  })

  test.each([
    ['throttled', { type: 'RequestThrottled', message: 'slow down', status: 400 }],
    ['answered with 503', { type: 'ServiceUnavailable', message: 'try again', status: 503 }],
  ])('goes on after it was %s more often than the SDK tries', async (_, error) => {
    const { sqs, source } = await standInSource()
    const log = storing()
    const running = await source.start(log.deliver)
    onTestFinished(() => running.close())
    send(sqs, 1)
    await sqs.queue('events').isEmpty()
    sqs.refuse(error, 7)
    sqs.dropConnections()
    send(sqs, 1, 1)
    await sqs.queue('events').isEmpty()
    expect(sqs.refusedWith).toHaveLength(7)
    expect(await log.storedCount()).toBe(2)
  })

  test.each([3_600_000, -3_600_000])('signs by the clock of AWS, which is %d ms ahead', async (skewMs) => {
    const { sqs, source } = await standInSource()
    sqs.clock.skewMs = skewMs
    const log = storing()
    const running = await source.start(log.deliver)
    onTestFinished(() => running.close())
    send(sqs, 1)
    await sqs.queue('events').isEmpty()
    expect(sqs.refusedWith).toEqual(['SignatureDoesNotMatch'])
  })
})

describe('credentials of an SQS source', () => {
  const refusedBy = async (options: Parameters<typeof standInSource>[0], prepare?: (sqs: StandInSqs) => void) => {
    const { sqs, source } = await standInSource(options)
    prepare?.(sqs)
    const end = await (await source.start(storing().deliver)).ended
    return end.kind === 'failed' && end.cause instanceof SourceRefused ? end.cause.message : end
  }

  test('that are unknown, wrong or expired end it with the setting', async () => {
    const key = (secret: string) => ({ accessKeyId: 'AKIDSTANDIN', secretAccessKey: Secret.literal(secret) })
    expect(await refusedBy({ credentials: key('wrong') })).toMatch(/SignatureDoesNotMatch.*: check credentials$/)
    const unknown = { ...key('wrong'), accessKeyId: 'AKIDOTHER' }
    expect(await refusedBy({ credentials: unknown })).toMatch(/InvalidClientTokenId.*: check credentials$/)
    const expired = await refusedBy({}, ({ keys }) => keys.set('AKIDSTANDIN', { secret: '', isExpired: true }))
    expect(expired).toMatch(/ExpiredToken.*: check credentials$/)
    expect(expired).not.toMatch(/a-secret-of-the-stand-in/)
  })

  test('without rights, and a queue that is not there, end it with what to allow or write', async () => {
    const denied = { type: 'AccessDeniedException', message: 'not authorized', status: 400 }
    expect(await refusedBy({}, ({ refuse }) => refuse(denied, 1))).toMatch(
      /allow sqs:ReceiveMessage, sqs:DeleteMessage/,
    )
    const missing = { type: 'QueueDoesNotExist', message: 'The specified queue does not exist.' }
    expect(await refusedBy({}, ({ refuse }) => refuse(missing, 1))).toMatch(/check queueUrl and region/)
  })

  test('of temporary keys are sent with their token', async () => {
    const { sqs, source } = await standInSource({
      credentials: {
        accessKeyId: 'ASIATEMPORARY',
        secretAccessKey: Secret.literal('temporary'),
        sessionToken: Secret.literal('a-session-token'),
      },
    })
    sqs.keys.set('ASIATEMPORARY', { secret: 'temporary', sessionToken: 'a-session-token' })
    const running = await source.start(storing().deliver)
    onTestFinished(() => running.close())
    send(sqs, 1)
    await sqs.queue('events').isEmpty()
  })

  test('that are rotated take effect: the old one expires first, and its successor comes into the file later', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'streamvane-sqs-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    const file = join(dir, 'key')
    writeFileSync(file, 'a-secret-of-the-stand-in\n')
    const { sqs, source } = await standInSource({
      credentials: { accessKeyId: 'AKIDSTANDIN', secretAccessKey: Secret.file(file) },
    })
    const log = storing()
    const running = await source.start(log.deliver)
    onTestFinished(() => running.close())
    send(sqs, 1)
    await sqs.queue('events').isEmpty()
    sqs.keys.set('AKIDSTANDIN', { secret: 'the-next-key' })
    sqs.dropConnections()
    while (sqs.refusedWith.length < 2) await sqs.asking()
    writeFileSync(file, 'the-next-key\n')
    send(sqs, 1, 1)
    await sqs.queue('events').isEmpty()
    expect(await log.storedCount()).toBe(2)
  })
})

test('events that EventBridge or SNS has put into the queue are taken out of their wrappings', async () => {
  const { sqs, source } = await standInSource()
  const log = storing()
  const running = await source.start(log.deliver)
  onTestFinished(() => running.close())
  const raw = events(1)[0]?.toString('utf8') ?? ''
  const sns = { Type: 'Notification', MessageId: 'm', TopicArn: 'arn:aws:sns:eu:1:t', Message: raw }
  sqs.queue('events').send(raw)
  sqs.queue('events').send(JSON.stringify(sns))
  await sqs.queue('events').isEmpty()
  expect(log.receipts.reduce((sum, one) => sum + one.stored, 0)).toBe(1)
  expect(log.receipts.reduce((sum, one) => sum + one.duplicate, 0)).toBe(1)
})
