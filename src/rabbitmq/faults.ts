import { connectionFault } from '../credentials/connection-faults.js'
import { SecretUnreadable } from '../credentials/secret.js'

/**
 * What an error of the broker or its client means. `lasting`: somebody has to change something first. `credentials`: as
 * `lasting`, unless they are being rotated. `passing`: connect again.
 */
export type RabbitmqFault = Readonly<{ kind: 'passing' | 'lasting' | 'credentials'; words: string }>

/** An error that the broker states with a code, and what is to be done about it; `words` are the broker's. */
type Stated = Readonly<{ code: number; words: string }>

/** `place` names the cluster without credentials, `ssl` the key of the settings of TLS. */
export const rabbitmqFault = (cause: unknown, place: string, ssl: string): RabbitmqFault => {
  const said = messageOf(cause)
  if (cause instanceof SecretUnreadable) return { kind: 'lasting', words: `${place}: ${said}` }
  const socket = connectionFault(cause, ssl)
  if (socket !== undefined) return { kind: socket.refused ? 'lasting' : 'passing', words: `${place}: ${socket.words}` }
  if (VHOST_REFUSED.test(said))
    return {
      kind: 'lasting',
      words: `${place}: the virtual host is missing, or this user may not use it: \`rabbitmqctl add_vhost\`, \`rabbitmqctl set_permissions\`, or name another one as vhost`,
    }
  const stated = statedBy(said)
  if (stated === undefined) return { kind: 'passing', words: `${place}: ${said}` }
  if (said.startsWith('Handshake') && stated.code === ACCESS_REFUSED)
    return { kind: 'credentials', words: `${place}: ${stated.words}; check username and password` }
  const remedy = remedyOf(stated)
  return remedy === undefined
    ? { kind: 'passing', words: `${place}: ${stated.words} (${stated.code})` }
    : { kind: 'lasting', words: `${place}: ${stated.words} (${stated.code}); ${remedy}` }
}

/**
 * amqplib expects `connection.open-ok`, and tells a refusal only as the frame that came in its place (seen with 2.3 and
 * RabbitMQ 3.10, for a missing virtual host as for a forbidden one).
 */
const VHOST_REFUSED = /^Expected ConnectionOpenOk; got <ConnectionClose/

const ACCESS_REFUSED = 403
const NOT_FOUND = 404
const LOCKED = 405
const PRECONDITION_FAILED = 406
const NOT_ALLOWED = 530

/** Codes of AMQP 0-9-1 that stay as they are until somebody mends what they name. */
const remedyOf = ({ code, words }: Stated): string | undefined => {
  switch (code) {
    case ACCESS_REFUSED:
      return 'grant this user the right with `rabbitmqctl set_permissions` (docs/sinks/rabbitmq.md, docs/sources/rabbitmq.md)'
    case NOT_FOUND:
      // A queue of a node that is down comes back with the node.
      return /is down or inaccessible/.test(words) ? undefined : 'create it, name another one, or have it declared'
    case LOCKED:
      return 'another connection has it exclusively: use a queue that is not exclusive'
    case PRECONDITION_FAILED:
      // What the broker says of a queue that waits too long for acknowledgements; connecting again mends it.
      return /timed out|timeout/i.test(words)
        ? undefined
        : 'it exists with other settings: change the configuration to what it is, or delete it'
    case NOT_ALLOWED:
      return 'the broker does not allow it'
    default:
      return undefined
  }
}

/** `… closed by server: 404 (NOT-FOUND) with message "…"`, as amqplib words what the broker states. */
const statedBy = (text: string): Stated | undefined => {
  const match = /\b(\d{3}) \([A-Z-]+\)(?: with message "([^]*)")?/.exec(text)
  return match === null ? undefined : { code: Number(match[1]), words: match[2] ?? text }
}

const messageOf = (cause: unknown): string => {
  if (!(cause instanceof Error)) return String(cause)
  if (cause.message !== '') return cause.message
  return cause instanceof AggregateError ? cause.errors.map(messageOf).join(', ') : cause.name
}
