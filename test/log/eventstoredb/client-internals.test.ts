import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  internalsOf,
  parseConnectionString,
  shared,
  streams,
  streamsService,
  WellKnownEmpty,
} from '../../../src/log/eventstoredb/client/client-internals.js'
import { eventStoreDbClient } from '../../../src/log/eventstoredb/client/client.js'

describe('the internals of the EventStoreDB client', () => {
  test('the version is pinned exactly', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>
    }
    expect(dependencies['@eventstore/db-client']).toMatch(/^\d+\.\d+\.\d+$/)
  })

  test('the protected members that are used exist', () => {
    const client = eventStoreDbClient({ connectionString: 'esdb://localhost:2113?tls=false' })
    onTestFinished(() => client.dispose())
    const { internals } = internalsOf(client)
    for (const name of [
      'GRPCStreamCreator',
      'execute',
      'callArguments',
      'dispose',
      'handleError',
      'getChannel',
      'createChannel',
    ] as const)
      expect(typeof internals[name], name).toBe('function')
  })

  test('a channel lets the server send ahead of the reader', async () => {
    const client = eventStoreDbClient({ connectionString: 'esdb://localhost:2113?tls=false' })
    const { internals } = internalsOf(client)
    const channel = await internals.getChannel()
    onTestFinished(async () => {
      await client.dispose()
      channel.close()
    })
    expect(channel.internalChannel.options).toMatchObject({
      'grpc.keepalive_time_ms': 10_000,
      'grpc-node.flow_control_window': 4 * 1024 * 1024,
    })
  })

  test('the generated messages and services that are used exist', () => {
    for (const message of [
      streams.ReadReq,
      streams.ReadResp,
      streams.BatchAppendReq,
      streams.BatchAppendResp,
      streams.TombstoneReq,
      shared.Empty,
      shared.UUID,
      shared.StreamIdentifier,
      shared.WrongExpectedVersion,
      WellKnownEmpty,
    ])
      expect(new message()).toHaveProperty('serializeBinary')
    for (const call of ['read', 'batchAppend', 'tombstone'])
      expect(streamsService.StreamsClient.prototype).toHaveProperty(call)
  })

  test('its parser of connection strings answers the fields that are used', () => {
    expect(parseConnectionString('esdb+discover://one:2113,two:2114?tls=false&defaultDeadline=5')).toMatchObject({
      dnsDiscover: true,
      hosts: [
        { address: 'one', port: 2113 },
        { address: 'two', port: 2114 },
      ],
      tls: false,
      defaultDeadline: 5,
    })
  })

  test('only one file of the product imports them', () => {
    const importing = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .filter((file) => readFileSync(join('src', file), 'utf8').includes('@eventstore/db-client/'))
    expect(importing).toEqual([join('log', 'eventstoredb', 'client', 'client-internals.ts')])
  })
})
