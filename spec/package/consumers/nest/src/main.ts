import 'reflect-metadata';
import { Inject, Injectable, Module, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createClient } from 'redis';
import { type Election, elect, type Transition, whileLeader } from 'rx-leader';
import { firstValueFrom, NEVER, ReplaySubject } from 'rxjs';

const connect = async () => {
  const client = createClient({ url: process.env.REDIS_URL ?? '' });
  client.on('error', (error: Error) => console.error(error));
  return client.connect();
};
type Redis = Awaited<ReturnType<typeof connect>>;

/** Stands while the application runs, and works while it leads. */
@Injectable()
class Scheduler implements OnModuleInit, OnModuleDestroy {
  readonly started = new ReplaySubject<number>(1);
  readonly told: Array<Transition['role']> = [];
  @Inject('REDIS') private readonly redis!: Redis;
  #election: Election | undefined;

  onModuleInit(): void {
    this.#election = elect({ redis: this.redis, key: 'nest', ttl: 2_000 });
    this.#election.subscribe(({ role }) => this.told.push(role));
    this.#election
      .pipe(
        whileLeader((term) => {
          this.started.next(term.token);
          return NEVER;
        }),
      )
      .subscribe();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#election?.close();
  }
}

@Module({ providers: [Scheduler, { provide: 'REDIS', useFactory: connect }] })
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error'] });
const scheduler = app.get(Scheduler);
const redis: Redis = app.get('REDIS');
await firstValueFrom(scheduler.started);
const held = await redis.keys('leader:*');
await app.close();
const left = await redis.keys('leader:*');
await redis.close();
console.log(JSON.stringify({ told: scheduler.told, held: held.length, left: left.length }));
