import type { Config } from '../app/config/schema.js'
import type { Finding } from '../app/operations/hardening/finding.js'
import { addressOfWriter } from '../http/admin/client/address.js'
import { UsageError } from './command/exit.js'
import { trustOf } from './command/trust.js'

export type HardeningFlags = Readonly<{ hardening?: boolean; ca?: string; pid?: string }>

/** What `doctor --hardening` finds at the running process of a data folder. Throws `UsageError`. */
export const hardeningOf = async (config: Config, { ca, pid }: HardeningFlags): Promise<AsyncIterable<Finding>> => {
  if (pid !== undefined && !/^[1-9]\d*$/.test(pid)) throw new UsageError(`--pid ${pid} is no number of a process`)
  const { harden } = await import('../app/operations/hardening/harden.js')
  const address = addressOfWriter(config.data, config.tenant)
  return harden({
    ...{ config, now: Date.now, adminUrl: address?.url },
    pid: pid === undefined ? address?.pid : Number(pid),
    ca: trustOf(ca === undefined ? {} : { ca })?.ca,
  })
}
