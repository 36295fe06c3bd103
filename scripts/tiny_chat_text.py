"""Text for the bundled tiny chat model: short chats, stories and facts, all made from the tables and the templates.

`conversation(r)` gives one chat as a list of {role, content}; `page(r)` one plain text. Both draw only from the
`random.Random` they are given, so a seed fixes the text. No text comes from anywhere else.
`held_out(messages)` says whether a chat belongs to the held-out part: about one in forty first questions, chosen by
a checksum of their wording, is never trained on.
"""

import zlib

from tiny_chat_tables import (
    ADJECTIVES,
    ANIMALS,
    FOODS,
    HE_OR_SHE,
    NAMES,
    OPENERS,
    PLACES,
    SYSTEM_TEXTS,
    THINGS,
    WEATHER,
)
from tiny_chat_topics import (
    a,
    animal,
    calendar,
    cap,
    capital,
    coloured,
    copying,
    favourite,
    greeting,
    hand_written,
    junk,
    like,
    lists,
    meet,
    one,
    opposite,
    sentence,
    small_talk,
    sums,
    thing,
    thing_for,
    unknown,
    world,
)


def vary(r, q):
    """The same question as different people would type it."""
    if r.random() < 0.2:
        opener = r.choice(OPENERS)
        q = opener + (q if opener[-2] == '.' or q[:2] == 'I ' else q[0].lower() + q[1:])
    if r.random() < 0.2:
        q = q.replace('colour', 'color').replace('favourite', 'favorite')
    if r.random() < 0.15:
        q = q.replace('hat is', "hat's").replace('I am', "I'm").replace('ho is', "ho's")
    if r.random() < 0.08 and q[-1] in '?.':
        q = q[:-1] + r.choice([', please', ' please']) + q[-1]
    if r.random() < 0.15:
        q = q.rstrip('?.!')
    if r.random() < 0.15:
        q = q.lower()
    if r.random() < 0.04 and len(q) > 8:  # two letters swapped
        i = r.randrange(1, len(q) - 2)
        q = q[:i] + q[i + 1] + q[i] + q[i + 2 :]
    return q


def story(r, hero=None, friend=None, adjective=None):
    """Five to nine sentences about one hero, a friend and a small problem. What is not given is drawn."""
    name, she = r.choice(NAMES)
    if hero is None:
        hero = thing(r) if r.random() < 0.75 else r.choice(['a girl', 'a boy'])
    if hero in HE_OR_SHE:
        name, she = r.choice([n for n in NAMES if n[1] == HE_OR_SHE[hero]])
    noun, adjective, place = hero.split(' ', 1)[1], adjective or r.choice(ADJECTIVES), r.choice(PLACES)
    her = {'she': 'her', 'he': 'his'}[she]
    tool, food, child = r.choice(THINGS)[0], r.choice(FOODS)[0], r.choice(ADJECTIVES)
    friend = friend or r.choice(ANIMALS)[0]
    one_day = f'One {r.choice(WEATHER)} {r.choice(["day", "morning", "evening", "afternoon"])},'
    begin = r.choice(
        [
            f'Once upon a time, there was {a(adjective)} {noun} named {name}.',
            f'Once there was {a(adjective)} {noun}. {cap(her)} name was {name}.',
            f'{name} was {a(adjective)} {noun}.',
            f'There was once {a(adjective)} {noun} called {name}.',
        ]
    )
    home = r.choice(
        [f'{name} lived {place}.', f'{cap(she)} lived {place} with {a(friend)}.', f'{cap(her)} home was {place}.']
    )
    plot = r.choice(
        [
            f'{name} wanted to find {a(tool)}. {cap(she)} looked everywhere, but there was no {tool}. Then {a(child)} {friend} '
            f'came and showed {name} the way. {name} was so happy that {she} gave the {friend} {a(food)}.',
            f'{name} was very hungry. {cap(she)} saw {a(food)}, but it was too high. {cap(a(friend))} came and helped. '
            f'They ate the {food} together and became friends.',
            f'{name} lost {her} {tool}. {cap(she)} looked in the house and in the garden. At last {she} saw it under a tree, '
            f'next to {a(friend)}. {name} laughed and took the {tool} home.',
            f'{name} met {a(child)} {friend}. The {friend} was alone and had no food. {name} gave it {a(food)} and sat down '
            f'next to it. From that day on, {name} and the {friend} were best friends.',
            f'it started to snow. {name} had no place to go, and {she} was cold. {cap(a(friend))} said, "Come in and stay with me." '
            f'They drank warm tea and told stories all night.',
            f'{name} wanted to see the sea. {cap(she)} walked for a long time. On the way {she} met {a(friend)}, and they walked '
            f'together. When they saw the blue water, they were very happy.',
            f'{name} found a red {tool} on the road. "Whose {tool} is this?" {she} asked. {cap(a(friend))} said, "It is mine. '
            f'Thank you!" {name} smiled, because it is good to help.',
            f'{name} wanted to make {a(food)} for a party. {cap(she)} asked {a(friend)} to help, and they worked all day. In the '
            f'evening everybody came, and the party was great.',
        ]
    )
    moral = r.choice(
        [
            '',
            '',
            '',
            ' The end.',
            f' {name} went home and slept well.',
            ' And they lived happily ever after.',
            f' {cap(she)} never forgot that day.',
        ]
    )
    return f'{begin} {home} {one_day} {plot}{moral}'


def story_chat(r):
    hero, friend, adjective = thing(r) if r.random() < 0.8 else r.choice(['a girl', 'a boy']), None, None
    about, kind = hero, r.random()
    if kind < 0.15:
        friend = r.choice(ANIMALS)[0]
        about = f'{hero} and {a(friend)}'
    elif kind < 0.3:
        adjective = r.choice(ADJECTIVES)
        about = f'{a(adjective)} {hero.split(" ", 1)[1]}'
    elif kind < 0.4:
        question = one(
            r,
            'Tell me a story. / Do you know a story? / Tell me a short story. / Can you tell me a story? / '
            'I want a story.',
        )
        return question, story(r)
    question = one(
        r,
        f'Tell me a story about {about}. / Tell me a story about {about}. / Tell a story about {about}. / '
        f'Write a story about {about}. / Can you tell me a story about {about}? / '
        f'I want to hear a story about {about}. / A story about {about}, please. / '
        f'Tell me a short story about {about}. / Make up a story about {about}.',
    )
    return question, story(r, hero, friend, adjective)


TOPICS, WEIGHTS = zip(
    (small_talk, 12),
    (greeting, 4),
    (hand_written, 8),
    (favourite, 5),
    (capital, 9),
    (coloured, 7),
    (animal, 11),
    (opposite, 7),
    (sums, 9),
    (calendar, 3),
    (thing_for, 10),
    (world, 5),
    (lists, 4),
    (copying, 10),
    (unknown, 8),
    (meet, 3),
    (like, 4),
    (story_chat, 5),
    (sentence, 3),
)


def turn(r):
    topic = r.choices(TOPICS, WEIGHTS)[0]
    question, answer = topic(r)
    return [('user', question if topic is copying else vary(r, question)), ('assistant', answer)]


def conversation(r):
    """One chat of one to four questions, as a list of {role, content}.

    Some chats tell a name, in the system text or as the user's, and ask for it at the end.
    """
    messages = []
    if r.random() < 0.06:
        messages.append(('system', r.choice(SYSTEM_TEXTS)))
    kind = r.random()
    if kind < 0.04:
        name = r.choice(NAMES)[0] if r.random() < 0.5 else cap(junk(r))
        question = one(r, 'What is your name? / Who are you? / Tell me your name.')
        messages = [
            ('system', f'Your name is {name}.'),
            ('user', vary(r, question)),
            ('assistant', f'My name is {name}.'),
        ]
    elif kind < 0.09:
        question, answer = meet(r)
        name = answer[len('Hello, ') : answer.index('!')]
        messages += [('user', question), ('assistant', answer)]
        for _ in range(r.randint(0, 2)):
            messages += turn(r)
        question = one(r, 'What is my name? / Do you remember my name? / Who am I?')
        messages += [('user', vary(r, question)), ('assistant', f'Your name is {name}.')]
    else:
        for _ in range(r.choice([1, 1, 1, 1, 2, 2, 3, 4])):
            messages += turn(r)
    return [{'role': role, 'content': content} for role, content in messages]


def page(r):
    """Plain text: one to three stories, or a row of facts."""
    if r.random() < 0.6:
        return '\n\n'.join(story(r) for _ in range(r.choice([1, 1, 2, 3])))
    facts = [capital, coloured, animal, thing_for, world, hand_written]
    return ' '.join(r.choice(facts)(r)[1] for _ in range(r.randint(2, 8)))


def held_out(messages):
    """True for chats whose first question is kept out of training. Questions under 12 characters are always trained on."""
    first = next(m['content'] for m in messages if m['role'] == 'user')
    return len(first) >= 12 and zlib.crc32(first.encode()) % 40 == 0
