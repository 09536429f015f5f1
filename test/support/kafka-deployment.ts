import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freshName, type AvailableKafka } from './kafka.js'
import { scratchFolder, streamvane } from './streamvane.js'

export type KafkaDeployment = Readonly<{
  dir: string
  /** Also the prefix of its topics. */
  name: string
  /** Runs a command to its end, with what it prints; fails unless it ends with code 0, or with `code`. */
  done: (args: readonly string[], stdin?: string, code?: number) => Promise<string>
}>

/**
 * A data folder and a configuration file, for the real command and the real broker: a tenant and a progress topic of
 * its own, and a clock that goes by the events. `kafka`: settings below `egress.kafka`, given the prefix of its topics; `more`: other
 * settings.
 */
export const kafkaDeployment = async (
  { brokers, registryUrl }: Pick<AvailableKafka, 'brokers' | 'registryUrl'>,
  kafka: (name: string) => Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<KafkaDeployment> => {
  const [dir, name] = [await scratchFolder(), freshName('deployment')]
  const file = join(dir, 'streamvane.yaml')
  const registry = registryUrl === undefined ? {} : { registry: { url: registryUrl } }
  const settings = {
    data: join(dir, 'data'),
    tenant: name,
    clock: { mode: 'event-time' },
    ...more,
    egress: { kafka: { brokers, ...registry, progressTopic: `${name}.progress`, ...kafka(name) } },
  }
  await writeFile(file, JSON.stringify(settings)) // JSON is YAML
  const done = async (args: readonly string[], stdin = '', expected = 0): Promise<string> => {
    const { code, stdout, stderr } = await streamvane([...args, '--config', file], { stdin })
    if (code !== expected) throw new Error(`streamvane ${args.join(' ')} ended with ${code}:\n${stderr}`)
    return stdout
  }
  return { dir, name, done }
}
