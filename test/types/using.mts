import {createSession, type SessionOptions} from 'sau-native';

export async function acc(options: SessionOptions): Promise<number | null> {
  using session = await createSession(options);
  return (await session.evaluate('trainee', 100)).acc;
}
