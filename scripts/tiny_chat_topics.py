"""Topics of the bundled tiny chat model: each function draws one (question, answer) from the tables.

Questions with the same answer stand in one text, separated by ' / '; a question that stands there twice is asked
twice as often. Everything is drawn from the `random.Random` that is given.
"""

from tiny_chat_tables import *  # noqa: F403


def a(noun):
    return ('an ' if noun[0] in 'aeiou' else 'a ') + noun


def many(noun):
    if noun in PLURALS:
        return PLURALS[noun]
    if noun.endswith(('s', 'x', 'ch', 'sh', 'to', 'go')):
        return noun + 'es'
    return noun[:-1] + 'ies' if noun.endswith('y') and noun[-2] not in 'aeiou' else noun + 's'


def cap(text):
    return text[0].upper() + text[1:]


def thing(r):
    """Any noun with its article."""
    return a(r.choice(r.choice([ANIMALS, THINGS, JOBS, [[h] for h in HEROES]]))[0])


def junk(r):
    """A made-up word, so that copying works for words and letters that the tables lack."""
    return ''.join(
        r.choice('bcdfghjklmnpqrstvwxyz') + r.choice('aeiou') + r.choice(['', r.choice('nrstlmkpd')])
        for _ in range(r.randint(1, 3))
    )


def one(r, questions):
    return r.choice(questions.split(' / '))


def ask(r, *groups):
    """One (question, answer) out of groups of (questions, answer); every question is equally likely."""
    return r.choice([(question, answer) for questions, answer in groups for question in questions.split(' / ')])


def small_talk(r):
    asked, answers = r.choice(SMALL_TALK)
    return r.choice(asked.split('/')), r.choice(answers.split('/'))


def greeting(r):
    asked, answers = SMALL_TALK[0]
    return r.choice(asked.split('/')), answers.split('/')[0]


def hand_written(r):
    return tuple(r.choice(ASKED))


def favourite(r):
    what, answer = r.choice(FAVOURITES)
    question = one(
        r,
        f'What is your favourite {what}? / What is your favourite {what}? / Which {what} do you like best? / '
        f'Tell me your favourite {what}. / Do you have a favourite {what}? / What {what} do you like?',
    )
    return question, f'My favourite {what} is {answer}.'


def capital(r):
    country, city, continent, people = r.choice(COUNTRIES)
    return ask(
        r,
        (
            f'What is the capital of {country}? / What is the capital of {country}? / '
            f'Which city is the capital of {country}? / Name the capital of {country}. / '
            f"What is {country}'s capital? / Tell me the capital city of {country}.",
            f'The capital of {country} is {city}.',
        ),
        (f'{city} is the capital of which country?', f'{city} is the capital of {country}.'),
        (f'Where is {city}?', f'{city} is in {country}.'),
        (f'Where is {country}?', f'{cap(country)} is in {continent}.'),
        (f'Who lives in {country}?', f'The {people} people live in {country}.'),
        (f'What is {country}?', f'{cap(country)} is a country in {continent}.'),
        (f'What is {city}?', f'{city} is the capital of {country}.'),
    )


def coloured(r):
    noun, colour = r.choice(COLOURED)
    wrong = r.choice(COLOURS)
    return ask(
        r,
        (
            f'What colour is {noun}? / What colour is {noun}? / What colour is {noun}? / What is the colour of {noun}? / '
            f'Which colour does {noun} have? / Tell me the colour of {noun}.',
            f'{cap(noun)} is {colour}.',
        ),
        (f'Is {noun} {wrong}?', f'{"Yes" if wrong == colour else "No"}, {noun} is {colour}.'),
        (f'Is {noun} {colour}?', f'Yes, {noun} is {colour}.'),
    )


def animal(r):
    name, sound, eats, lives, colour, can, young = r.choice(ANIMALS)
    other = r.choice(ANIMALS)[5]
    one_animal = cap(a(name))
    return ask(
        r,
        (f'What does {a(name)} say? / What sound does {a(name)} make?', f'{one_animal} {sound}.'),
        (f'What does {a(name)} eat? / What do {many(name)} like to eat?', f'{one_animal} eats {eats}.'),
        (f'Where does {a(name)} live?', f'{one_animal} lives {lives}.'),
        (f'What colour is {a(name)}?', f'{one_animal} is often {colour}.'),
        (f'What can {a(name)} do?', f'{one_animal} can {can}.'),
        (f'Can {a(name)} {can}?', f'Yes, {a(name)} can {can}.'),
        (f'Can {a(name)} {other}?', f'{"Yes, " if other == can else "No, but "}{a(name)} can {can}.'),
        (
            f'What is {a(name)}? / Tell me about {a(name)}. / What do you know about {many(name)}?',
            f'{one_animal} is an animal. It lives {lives} and eats {eats}.',
        ),
        (f'Which animal {sound}?', f'{one_animal} {sound}.'),
        (f'What is a baby {name} called?', f'A baby {name} is called {a(young)}.'),
        (f'Do you like {many(name)}?', f'Yes, I like {many(name)}. {one_animal} can {can}.'),
    )


def opposite(r):
    x, y = r.choice(list(OPPOSITE.items()))
    question = one(
        r,
        f'What is the opposite of {x}? / What is the opposite of {x}? / What is the opposite of {x}? / '
        f'Tell me the opposite of {x}. / Opposite of {x}? / Which word is the opposite of {x}?',
    )
    return question, f'The opposite of {x} is {y}.'


def sums(r):
    x, y = r.randint(0, 10), r.randint(0, 10)
    kind = r.choice(['plus', 'plus', 'minus', 'compare', 'next', 'times'])
    if kind == 'plus':
        return ask(
            r,
            (
                f'What is {x} + {y}? / What is {x} plus {y}? / How much is {x} + {y}? / {x} + {y} = ? / Add {x} and {y}. / '
                f'What is the sum of {x} and {y}? / Calculate {x}+{y}.',
                f'{x} plus {y} is {x + y}.',
            ),
        )
    if kind == 'minus':
        x, y = max(x, y), min(x, y)
        return ask(
            r,
            (
                f'What is {x} - {y}? / What is {x} minus {y}? / How much is {x} - {y}? / Take {y} from {x}.',
                f'{x} minus {y} is {x - y}.',
            ),
        )
    if kind == 'times':
        x, y = min(x, 5), min(y, 5)
        return ask(
            r, (f'What is {x} times {y}? / What is {x} * {y}? / How much is {x} x {y}?', f'{x} times {y} is {x * y}.')
        )
    if kind == 'compare' and x != y:
        return f'Which is bigger, {x} or {y}?', f'{max(x, y)} is bigger than {min(x, y)}.'
    n = r.randint(0, 18)
    last = min(n, 9) + 1
    return ask(
        r,
        (f'What comes after {n}?', f'After {n} comes {n + 1}.'),
        (f'What comes after {NUMBER[n]}?', f'After {NUMBER[n]} comes {NUMBER[n + 1]}.'),
        (f'Count to {NUMBER[last]}.', ', '.join(NUMBER[1 : last + 1]) + '.'),
        (f'Count from 1 to {last}.', ', '.join(map(str, range(1, last + 1))) + '.'),
    )


def calendar(r):
    names = r.choice([DAYS, MONTHS])
    i, unit = r.randrange(len(names)), 'day' if names is DAYS else 'month'
    name, after, before = names[i], names[(i + 1) % len(names)], names[i - 1]
    return ask(
        r,
        (f'What {unit} comes after {name}?', f'{after} comes after {name}.'),
        (f'Which {unit} is before {name}?', f'{before} comes before {name}.'),
        (f'What is {name}?', f'{name} is a {unit}.'),
    )


def thing_for(r):
    name, kind, use = r.choice(THINGS)
    job, does = r.choice(JOBS)
    food, sort, taste = r.choice(FOODS)
    return ask(
        r,
        (f'What is {a(name)}? / Tell me about {a(name)}.', f'{cap(a(name))} is {a(kind)}. You use it to {use}.'),
        (f'What is {a(name)} for?', f'You use {a(name)} to {use}.'),
        (f'What can I do with {a(name)}?', f'You can use {a(name)} to {use}.'),
        (f'Why do we need {a(name)}?', f'We need {a(name)} to {use}.'),
        (f'What do I need to {use}?', f'You need {a(name)} to {use}.'),
        (f'What does {a(job)} do?', f'{cap(a(job))} {does}.'),
        (f'Who is {a(job)}? / What is {a(job)}?', f'{cap(a(job))} is a person who {does}.'),
        (f'What is {a(food)}?', f'{cap(a(food))} is {a(sort)}. It tastes {taste}.'),
        (f'Do you like {many(food)}?', f'I think {many(food)} are very nice.'),
        (f'How does {a(food)} taste?', f'{cap(a(food))} tastes {taste}.'),
        (f'Is {a(food)} a fruit?', f'{"Yes" if sort == "fruit" else "No"}, {a(food)} is {a(sort)}.'),
    )


def world(r):
    noun, answer = r.choice(WORLD)
    return ask(
        r,
        (
            f'What is {noun}? / Tell me about {noun}. / Can you explain what {noun} is? / What do you know about {noun}? / '
            f'Explain {noun} to me.',
            answer,
        ),
    )


def lists(r):
    kind, members = r.choice(list(LISTS.items()))
    n = r.randint(2, 4)
    chosen = r.sample(members, n) if kind not in ('days', 'months', 'numbers') else members[:n]
    said = cap(', '.join(chosen[:-1]) + ' and ' + chosen[-1] + '.')
    return ask(
        r,
        (
            f'Name {NUMBER[n]} {kind}. / Give me {NUMBER[n]} {kind}. / Tell me {n} {kind}. / List {NUMBER[n]} {kind}.',
            said,
        ),
    )


def copying(r):
    word = r.choice(COMMON) if r.random() < 0.6 else junk(r)
    phrase = ' '.join(
        r.choice(COMMON) if r.random() < 0.8 else r.choice([junk(r), str(r.randint(0, 9999)), junk(r).upper()])
        for _ in range(r.choice([1, 1, 1, 2, 2, 3, 4, 5]))
    ) + r.choice(['', '', '', '!', '.'])
    sentence = r.choice([f'I like the word {word}.', f'This is {a(word)}.', f'I know the word {word}.'])
    return ask(
        r,
        (f'Say {phrase} / Repeat after me: {phrase} / Please say: {phrase} / Say "{phrase}" / Write {phrase}', phrase),
        (f'Spell {word}. / How do you spell {word}?', '-'.join(word.upper())),
        (f'Use the word {word} in a sentence.', sentence),
        (f'What is the first letter of {word}?', f'The first letter of {word} is {word[0].upper()}.'),
    )


def unknown(r):
    """Questions about things the model can't know, so that it says so instead of guessing."""
    about = r.choice(
        [
            r.choice(TOPICS),
            r.choice(TOPICS),
            junk(r),
            r.choice(COMMON),
            many(r.choice(THINGS)[0]),
            r.choice(COUNTRIES)[0],
        ]
    )
    if r.random() < 0.3:
        return one(r, EXPLAIN).format(about), f'I am sorry, I do not know much about {about}.'
    return one(r, UNANSWERABLE).format(about), 'I am sorry, I do not know that. I only know simple things.'


def meet(r):
    name = r.choice(NAMES)[0] if r.random() < 0.8 else cap(junk(r))
    return ask(
        r,
        (
            f'My name is {name}. / I am {name}. / Hi, I am {name}. / Hello, my name is {name}. / You can call me {name}.',
            f'Hello, {name}! It is nice to meet you.',
        ),
    )


def like(r):
    what = r.choice([many(r.choice(FOODS)[0]), many(r.choice(ANIMALS)[0]), r.choice(TOPICS), r.choice(FAVOURITES)[1]])
    return ask(
        r,
        (f'I like {what}. / I love {what}.', f'That is nice. Why do you like {what}?'),
        (f'I do not like {what}.', 'That is all right. What do you like?'),
        (f'My favourite thing is {what}.', f'That is nice. I like {what} too.'),
        (f'Do you like {what}?', f'Yes, I think {what} can be nice.'),
    )


def sentence(r):
    hero = thing(r)
    noun, place = hero.split(' ', 1)[1], r.choice(PLACES)
    said = r.choice(
        [
            f'The {noun} is {r.choice(ADJECTIVES)}.',
            f'There is {a(noun)} {place}.',
            f'I saw {a(noun)} {place}.',
            f'The {noun} is {place}.',
        ]
    )
    return one(
        r, f'Write a sentence about {hero}. / Tell me something about {hero}. / Say something about {hero}.'
    ), said
