import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs from 'kafkajs'
import type { AclEntry, Admin } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CLUSTER, type Acl } from '../../../src/app/kafka-acls/acl.js'
import { kafkaRoles } from '../../../src/app/kafka-acls/roles.js'
import { kafkaSinks } from '../../../src/app/config/sinks/egress-sinks.js'
import { topicsOptionsOf } from '../../../src/app/sinks/open-kafka.js'
import { applyTopics } from '../../../src/egress/kafka/topic-admin.js'
import { freshName } from '../../support/kafka.js'
import { silent } from '../../support/pipeline.js'
import {
  beforeTopics,
  installation,
  limitedConfig,
  LIMITED,
  type Installation,
} from '../../support/secure-kafka/role-runs.js'
import type { SecureBroker } from '../../support/secure-kafka/secure-broker.js'

const { AclOperationTypes: OPERATION, AclResourceTypes: RESOURCE, ResourcePatternTypes: PATTERN } = kafkajs

const roleNames = [
  'source events',
  'egress kafka',
  'replay kafka',
  'apply kafka',
  'verify kafka',
  'consumer kafka',
  'shards',
] as const

export const aclsSuite = (started: () => SecureBroker) =>
  describe('the rights that `topics acls` prints', () => {
    const folder = mkdtempSync(join(tmpdir(), 'streamvane-acls-'))
    const name = freshName('acls').toLowerCase()
    let admin: Admin
    let producer: kafkajs.Producer
    let ours: Installation
    /** Of another tenant on the same cluster, whose name begins with that of the first. */
    let others: Installation

    const install = async (tenant: string): Promise<Installation> => {
      const config = limitedConfig(started(), tenant, `${tenant}.`, folder)
      const [sink] = kafkaSinks(config.egress)
      const privileged = { ...topicsOptionsOf(sink!, config, silent), brokers: [started().plain] }
      const { sasl: _, socketFactory: __, ...plain } = privileged
      await applyTopics(plain)
      const made = await installation(config, admin, async (topic) => {
        await producer.send({ topic, messages: [{ value: '{}' }] })
      })
      return made
    }
    const aclsOf = ({ config }: Installation, role: string): readonly Acl[] =>
      kafkaRoles(role === 'apply kafka' ? beforeTopics(config) : config).find(({ name: known }) => known === role)!.acls

    beforeAll(async () => {
      const kafka = new kafkajs.Kafka({ brokers: [started().plain], logLevel: kafkajs.logLevel.NOTHING })
      admin = kafka.admin()
      producer = kafka.producer()
      await Promise.all([admin.connect(), producer.connect()])
      ours = await install(name)
      others = await install(`${name}-eu`)
      for (const each of [ours, others])
        await granted(admin, aclsOf(each, 'egress kafka'), async () =>
          expect(await failureOf(each.runs['egress kafka']!)).toBeUndefined(),
        )
    }, 120_000)
    afterAll(async () => {
      await Promise.all([admin.disconnect(), producer.disconnect()])
      rmSync(folder, { recursive: true, force: true })
    })

    test('are listed for every role that the tests run', () =>
      expect(kafkaRoles(ours.config).map((role) => role.name)).toEqual(roleNames))

    test.each(roleNames)(
      '%s: a user with exactly these runs the role whole, and lacking any one of them does not',
      async (role) => {
        const run = ours.runs[role]!
        const acls = aclsOf(ours, role)
        await granted(admin, acls, async () => {
          expect(await failureOf(run)).toBeUndefined()
          for (const acl of acls) {
            await revoke(admin, [acl])
            expect(await failureOf(run), `without ${acl.operation} on ${acl.resource} ${acl.name}`).toMatch(FORBIDDEN)
            await grant(admin, [acl])
          }
          expect(await failureOf(run)).toBeUndefined()
        })
      },
      300_000,
    )

    test.each(roleNames)(
      '%s of a tenant runs as that of no other, though the name of one begins with the other',
      async (role) => {
        for (const [from, to] of [
          [ours, others],
          [others, ours],
        ] as const)
          await granted(admin, aclsOf(from, role), async () => {
            expect(await failureOf(from.runs[role]!)).toBeUndefined()
            expect(await failureOf(to.runs[role]!)).toMatch(FORBIDDEN)
          })
      },
      120_000,
    )
  })

const entryOf = ({ operation, resource, name, pattern }: Acl): AclEntry => ({
  ...{ principal: `User:${LIMITED}`, host: '*', permissionType: kafkajs.AclPermissionTypes.ALLOW },
  operation: operations[operation],
  resourceType: resources[resource],
  resourceName: resource === 'cluster' ? CLUSTER : name,
  resourcePatternType: pattern === 'prefixed' ? PATTERN.PREFIXED : PATTERN.LITERAL,
})

const operations = {
  Read: OPERATION.READ,
  Write: OPERATION.WRITE,
  Create: OPERATION.CREATE,
  Describe: OPERATION.DESCRIBE,
  DescribeConfigs: OPERATION.DESCRIBE_CONFIGS,
  IdempotentWrite: OPERATION.IDEMPOTENT_WRITE,
} as const
const resources = {
  topic: RESOURCE.TOPIC,
  group: RESOURCE.GROUP,
  'transactional-id': RESOURCE.TRANSACTIONAL_ID,
  cluster: RESOURCE.CLUSTER,
} as const

const granted = async (admin: Admin, acls: readonly Acl[], work: () => Promise<unknown>): Promise<void> => {
  await grant(admin, acls)
  try {
    await work()
  } finally {
    await revoke(admin, acls)
  }
}

const grant = async (admin: Admin, acls: readonly Acl[]): Promise<void> => {
  await admin.createAcls({ acl: acls.map(entryOf) })
  await inForce(admin, acls, true)
}

const revoke = async (admin: Admin, acls: readonly Acl[]): Promise<void> => {
  await admin.deleteAcls({ filters: acls.map(entryOf) })
  await inForce(admin, acls, false)
}

/** Waits until the broker has applied a change, which it does a moment after the controller has confirmed it. */
const inForce = async (admin: Admin, acls: readonly Acl[], wanted: boolean): Promise<void> => {
  const isSo = async (): Promise<boolean> => {
    const { resources: found } = await admin.describeAcls({
      ...{ principal: `User:${LIMITED}`, host: '*', permissionType: kafkajs.AclPermissionTypes.ANY },
      ...{ resourceType: RESOURCE.ANY, resourcePatternType: PATTERN.ANY, operation: OPERATION.ANY },
    })
    const known = new Set(
      found.flatMap(({ acls: own, resourceType, resourceName }) =>
        own.map(({ operation }) => `${operation} ${resourceType} ${resourceName}`),
      ),
    )
    return acls.every((acl) => {
      const { operation, resourceType, resourceName } = entryOf(acl)
      return known.has(`${operation} ${resourceType} ${resourceName}`) === wanted
    })
  }
  while (!(await isSo()));
}

const failureOf = (run: () => Promise<void>): Promise<string | undefined> =>
  run().then(
    () => undefined,
    (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)),
  )

const FORBIDDEN = /authoriz|may not|lacks rights|group coordinator/i
