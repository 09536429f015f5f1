import { expect, test } from 'vitest'
import { ConfigError } from '../../src/app/config/schema.js'
import { NoGeneration } from '../../src/app/operations/replay.js'
import { EXIT, exitCodeOf, UsageError, wordsOf } from '../../src/cli/exit.js'
import { NotIngested } from '../../src/ingress/not-ingested.js'
import { LogLocked, LogUnavailable } from '../../src/log/event-log.js'

test.each([
  [
    { tag: 'NotAvailable', cause: new LogUnavailable('EventStoreDB: connect ECONNREFUSED') } as const,
    'EventStoreDB: connect ECONNREFUSED',
  ],
  [{ tag: 'Refused', reason: 'the log is closed' } as const, 'the log is closed'],
  [{ tag: 'WrongExpectedRevision', stream: 't.clock', expected: 0, actual: 3 } as const, 't.clock is at revision 3'],
])(
  'a batch that the log does not take (%j) is told in a line, with the reason, which whoever sends is not told',
  (failure, reason) => {
    const cause = new NotIngested(failure)
    expect(exitCodeOf(cause)).toBe(EXIT.failed)
    expect(wordsOf(cause)).toBe(`${cause.message}: ${reason}`)
    expect(cause.message).not.toContain(reason)
    expect(cause.retryable).toBe(failure.tag === 'NotAvailable')
  },
)

test('an error of wrong usage, of the configuration, or of a locked log has its own exit code', () => {
  const codes = [new UsageError('x'), new ConfigError('x'), new NoGeneration('t'), new LogLocked('x')]
  expect(codes.map(exitCodeOf)).toEqual([EXIT.usage, EXIT.usage, EXIT.usage, EXIT.superseded])
  expect(exitCodeOf(new Error('x'))).toBe(EXIT.failed)
})
