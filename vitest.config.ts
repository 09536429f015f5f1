import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const KINDS = ['contracts', 'simulation', 'processes', 'integration', 'browser'] as const

/**
 * The stages run one after the other, the quick ones first. A test outside the special folders is a unit test, so no
 * test file can be forgotten.
 */
export default defineConfig({
  test: {
    // By default vitest leaves one core to its main process, which has next to nothing to do here.
    maxWorkers: availableParallelism(),
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: KINDS.map((kind) => `test/${kind}/**`),
          globalSetup: ['test/support/eventstoredb/global-setup.ts'],
          testTimeout: 60_000,
          // Loading the modules anew for each file takes a third of the time; they hold no state but caches.
          isolate: false,
          env: { STREAMVANE_LAW_SHARE: process.env['STREAMVANE_LAW_SHARE'] ?? '0.2' },
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'contracts',
          include: ['test/contracts/**/*.test.ts'],
          testTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'simulation',
          // The laws of the projection are unit tests too, with a fifth of the runs.
          include: ['test/simulation/**/*.test.ts', 'test/projections/laws/*.test.ts'],
          testTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'processes',
          include: ['test/processes/**/*.test.ts'],
          globalSetup: ['test/support/command/global-setup.ts'],
          testTimeout: 120_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/kafka-global-setup.ts', 'test/support/command/global-setup.ts'],
          // One broker serves all files, on a machine that may have two cores: one file at a time.
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // kafkajs has other retry defaults under NODE_ENV=test; here the real ones count.
          env: { NODE_ENV: 'production' },
          sequence: { groupOrder: 4 },
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/support/command/global-setup.ts', 'test/support/browser/global-setup.ts'],
          // Chromium takes both cores of a small machine: one file at a time.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          env: { NODE_ENV: 'production' },
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
})
