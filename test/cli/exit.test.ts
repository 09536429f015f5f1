import { describe, expect, test } from 'vitest'
import { RebuildStopped } from '../../src/app/operations/generations/rebuild.js'
import { ConfigError } from '../../src/app/config/schema.js'
import { NoGeneration } from '../../src/app/operations/computed.js'
import { EXIT, exitCodeOf, UsageError, wordsOf } from '../../src/cli/command/exit.js'
import { NotIngested } from '../../src/ingress/not-ingested.js'
import { LogLocked, LogUnavailable } from '../../src/log/event-log.js'

const grpc = (code: number, message: string): Error =>
  new LogUnavailable('EventStoreDB', { cause: Object.assign(new Error(message), { code }) })

describe('a batch that the log does not take is told in a line, with the reason, which the sender is not told', () => {
  test.each([
    [{ tag: 'NotAvailable', cause: new LogUnavailable('connect ECONNREFUSED') } as const, 'connect ECONNREFUSED'],
    [{ tag: 'NotAvailable', cause: grpc(14, 'no connection') } as const, 'EventStoreDB'],
    [{ tag: 'NotAvailable', cause: 'disk full' } as const, 'disk full'],
  ])('%j may pass: exit code 1, send it again', (failure, reason) => {
    const cause = new NotIngested(failure)
    expect(cause.retryable).toBe(true)
    expect([exitCodeOf(cause), wordsOf(cause)]).toEqual([EXIT.failed, `${cause.message}: ${reason}`])
    expect(cause.message).toContain('send it again')
    expect(cause.message).not.toContain(reason)
  })

  test.each([
    [{ tag: 'Refused', reason: 'the log is closed' } as const, 'the log is closed'],
    [{ tag: 'WrongExpectedRevision', stream: 't.clock', expected: 0, actual: 3 } as const, 't.clock is at revision 3'],
    [{ tag: 'NotAvailable', cause: Object.assign(new Error('no such user'), { code: 16 }) } as const, 'no such user'],
    [{ tag: 'NotAvailable', cause: Object.assign(new Error('access denied'), { code: 7 }) } as const, 'access denied'],
    [{ tag: 'NotAvailable', cause: grpc(16, 'no such user') } as const, 'EventStoreDB'],
  ])('%j is for an operator: exit code 4, and nobody is told to send it again', (failure, reason) => {
    const cause = new NotIngested(failure)
    expect(cause.retryable).toBe(false)
    expect([exitCodeOf(cause), wordsOf(cause)]).toEqual([EXIT.refused, `${cause.message}: ${reason}`])
    expect(cause.message).not.toContain('send it again')
    expect(cause.message).not.toContain(reason)
  })
})

test('an error of wrong usage, of the configuration, or of a locked log has its own exit code', () => {
  const codes = [new UsageError('x'), new ConfigError('x'), new NoGeneration('t'), new LogLocked('x')]
  expect(codes.map(exitCodeOf)).toEqual([EXIT.usage, EXIT.usage, EXIT.usage, EXIT.superseded])
  expect(exitCodeOf(new Error('x'))).toBe(EXIT.failed)
})

test('a rebuild that was told to stop did not fail: it is incomplete, with an exit code of its own', () => {
  expect(exitCodeOf(new RebuildStopped('stopped'))).toBe(EXIT.differences)
})
