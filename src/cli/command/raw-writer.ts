import { LogLocked, type EventLog } from '../../log/event-log.js'
import type { Context } from './context.js'

/**
 * The raw log for a command that writes it. If a running process of this data folder holds it, what the command writes
 * goes in through the admin API of that process, and a line says so. Throws `LogLocked` where that process serves none.
 */
export const rawWriter = async ({ config, logs }: Pick<Context, 'config' | 'logs'>): Promise<EventLog> => {
  try {
    return await logs.raw('writer')
  } catch (cause) {
    if (!(cause instanceof LogLocked)) throw cause
    const { addressOfWriter } = await import('../../http/admin/client/address.js')
    const address = addressOfWriter(config.data, config.tenant)
    // A process that was killed leaves its address behind; another may hold the log by now.
    if (address === undefined || !cause.message.includes(`pid ${address.pid} `)) throw withHint(cause)
    const { writerBeside } = await import('../../http/admin/raw-writes/writer-beside.js')
    console.error(
      `pid ${address.pid} writes this log: what this command stores goes in through its admin API, ${address.url}`,
    )
    return writerBeside(await logs.raw('reader'), address)
  }
}

const withHint = ({ message }: LogLocked): LogLocked =>
  new LogLocked(
    `${message} Or let that process serve the admin API (admin in its configuration, or --admin): this command then goes in beside it.`,
  )
