import './fixed-start.mjs'
import type { TestProject } from 'vitest/node'
import { startInstallation } from './app-processes.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The installation that the browser tests share. */
    installation: {
      url: string
      sandboxUrl: string
      mongodbUri: string
      demo: { email: string; password: string }
      secrets: { stripeSecretKey: string; webhookSecret: string }
    }
  }
}

/** The browser tests share one installation of real processes; each test signs up users of its own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const installation = await startInstallation()
  const { url, sandboxUrl, mongodbUri, demo, secrets } = installation
  project.provide('installation', { url, sandboxUrl, mongodbUri, demo, secrets })
  project.provide('mongodbUri', mongodbUri)
  return () => installation.stop()
}
