"""Tables of words and facts for the bundled tiny chat model. `tiny_chat_text.py` turns them into chats and stories."""


def table(text):
    """Rows separated by newlines or semicolons, fields by bars."""
    return [[field.strip() for field in row.split('|')] for row in text.replace(';', '\n').strip().split('\n')]


def row(text):
    return [item.strip() for item in text.replace('\n', ' ').split(';')]


def words(text):
    return text.split()


# animal | sound | eats | lives | colour | can | young
ANIMALS = table("""
dog|barks|meat|in a house|brown|run fast|puppy; cat|meows|fish|in a house|grey|climb trees|kitten
cow|moos|grass|on a farm|brown|give milk|calf; horse|neighs|hay|on a farm|black|run very fast|foal
sheep|bleats|grass|on a farm|white|give wool|lamb; pig|grunts|corn|on a farm|pink|roll in the mud|piglet
duck|quacks|water plants|on a pond|white|swim and fly|duckling; hen|clucks|seeds|on a farm|red|lay eggs|chick
lion|roars|meat|in the grassland|golden|roar loudly|cub; tiger|roars|meat|in the jungle|orange|swim well|cub
bear|growls|fish and berries|in the forest|brown|climb trees|cub; wolf|howls|meat|in the forest|grey|run far|pup
fox|barks|mice|in the forest|red|run quietly|cub; mouse|squeaks|cheese|in a hole|grey|hide in small places|pup
rabbit|squeaks|carrots|in a burrow|white|hop|kit; frog|croaks|flies|by a pond|green|jump far|tadpole
owl|hoots|mice|in a tree|brown|see in the dark|owlet; bird|sings|seeds|in a nest|blue|fly|chick
bee|buzzes|nectar|in a hive|yellow|make honey|larva; elephant|trumpets|leaves|in the grassland|grey|lift logs|calf
monkey|chatters|bananas|in the jungle|brown|swing in trees|infant
snake|hisses|mice|in the grass|green|slide|hatchling; goat|bleats|grass|on a farm|white|climb hills|kid
donkey|brays|hay|on a farm|grey|carry bags|foal; whale|sings|small fish|in the sea|blue|dive deep|calf
dolphin|clicks|fish|in the sea|grey|jump out of the water|calf
penguin|honks|fish|on the ice|black and white|swim well|chick
parrot|squawks|fruit|in the jungle|green|copy words|chick; crow|caws|seeds|in a tree|black|fly|chick
deer|grunts|leaves|in the forest|brown|run fast|fawn; squirrel|chatters|nuts|in a tree|red|climb trees|kit
turtle|hisses|leaves|in the sea|green|swim slowly|hatchling""")

# country | capital | continent | people
COUNTRIES = table("""
France|Paris|Europe|French; Germany|Berlin|Europe|German; Italy|Rome|Europe|Italian; Spain|Madrid|Europe|Spanish
Portugal|Lisbon|Europe|Portuguese; Greece|Athens|Europe|Greek; Poland|Warsaw|Europe|Polish
Norway|Oslo|Europe|Norwegian; Sweden|Stockholm|Europe|Swedish; Finland|Helsinki|Europe|Finnish
Denmark|Copenhagen|Europe|Danish; Ireland|Dublin|Europe|Irish; England|London|Europe|English
Scotland|Edinburgh|Europe|Scottish; Austria|Vienna|Europe|Austrian; Hungary|Budapest|Europe|Hungarian
Belgium|Brussels|Europe|Belgian; Switzerland|Bern|Europe|Swiss; the Netherlands|Amsterdam|Europe|Dutch
Russia|Moscow|Europe and Asia|Russian; Ukraine|Kyiv|Europe|Ukrainian; Turkey|Ankara|Europe and Asia|Turkish
Egypt|Cairo|Africa|Egyptian; Kenya|Nairobi|Africa|Kenyan; Ghana|Accra|Africa|Ghanaian; Nigeria|Abuja|Africa|Nigerian
Morocco|Rabat|Africa|Moroccan; Ethiopia|Addis Ababa|Africa|Ethiopian; Japan|Tokyo|Asia|Japanese
China|Beijing|Asia|Chinese; India|New Delhi|Asia|Indian; South Korea|Seoul|Asia|Korean; Thailand|Bangkok|Asia|Thai
Vietnam|Hanoi|Asia|Vietnamese; Indonesia|Jakarta|Asia|Indonesian; Nepal|Kathmandu|Asia|Nepali
Iran|Tehran|Asia|Iranian; Iraq|Baghdad|Asia|Iraqi; Australia|Canberra|Oceania|Australian
New Zealand|Wellington|Oceania|Kiwi; Canada|Ottawa|North America|Canadian
the United States|Washington|North America|American; Mexico|Mexico City|North America|Mexican
Cuba|Havana|North America|Cuban; Brazil|Brasilia|South America|Brazilian
Argentina|Buenos Aires|South America|Argentine; Chile|Santiago|South America|Chilean; Peru|Lima|South America|Peruvian
Colombia|Bogota|South America|Colombian""")

# thing (with its article) | colour, as "What colour is/are ...?"
COLOURED = table("""
the sky|blue; the sea|blue; the grass|green; the sun|yellow; the moon|white; snow|white; milk|white; coal|black
the night|black; blood|red; chocolate|brown; gold|yellow; a banana|yellow; a lemon|yellow; an orange|orange
a carrot|orange; a tomato|red; a strawberry|red; a cherry|red; a lime|green; a cucumber|green; a leaf|green
a tree|green; a rose|red; a pumpkin|orange; a cloud|white; a fire engine|red; a plum|purple; a potato|brown
honey|golden; rice|white; bread|brown; a peach|pink; a cabbage|green; an egg|white; wood|brown; ash|grey; a stone|grey
corn|yellow; butter|yellow; a blueberry|blue; a grape|purple""")

OPPOSITES = table("""
hot|cold; big|small; tall|short; happy|sad; fast|slow; day|night; up|down; left|right; in|out; open|closed; old|young
new|old; light|dark; hard|soft; wet|dry; full|empty; good|bad; rich|poor; strong|weak; clean|dirty; loud|quiet
early|late; near|far; high|low; thick|thin; wide|narrow; heavy|light; sweet|sour; black|white; yes|no; push|pull
start|stop; first|last; win|lose; buy|sell; give|take; come|go; love|hate; laugh|cry; easy|difficult; sharp|blunt
smooth|rough; true|false; right|wrong; before|after; above|below; inside|outside; always|never; more|less; many|few
awake|asleep; brave|afraid; summer|winter; north|south; east|west; begin|end; find|lose; remember|forget; kind|cruel
deep|shallow; safe|dangerous; long|short; front|back; top|bottom""")

OPPOSITE = {}  # word -> its opposite, both ways; where a word stands in two pairs the first one counts
for first, second in OPPOSITES:
    OPPOSITE.setdefault(first, second)
    OPPOSITE.setdefault(second, first)

# thing | kind | what it is for
THINGS = table("""
hammer|tool|hit nails; saw|tool|cut wood; spade|tool|dig holes; key|small tool|open locks; knife|tool|cut food
needle|tool|sew clothes; spoon|tool|eat soup; fork|tool|eat food; cup|container|drink tea; bottle|container|keep water
bag|container|carry things; box|container|keep things; basket|container|carry fruit; bucket|container|carry water
pen|tool|write; pencil|tool|draw; brush|tool|paint; broom|tool|clean the floor; soap|thing|wash your hands
towel|cloth|dry your hands; bed|piece of furniture|sleep; chair|piece of furniture|sit
table|piece of furniture|eat at; lamp|light|see in the dark; candle|light|see in the dark; clock|machine|tell the time
phone|machine|talk to people far away; computer|machine|write, play and learn; camera|machine|take pictures
oven|machine|bake bread; fridge|machine|keep food cold; car|vehicle|travel on roads
bus|vehicle|travel with many people; train|vehicle|travel on rails; plane|vehicle|fly to far places
boat|vehicle|travel on water; bicycle|vehicle|ride to school; ship|big boat|cross the sea
umbrella|thing|stay dry in the rain; coat|piece of clothing|stay warm; hat|piece of clothing|cover your head
scarf|piece of clothing|keep your neck warm; shoe|piece of clothing|protect your foot; book|thing|read stories
map|drawing|find the way; ball|toy|play games; kite|toy|play in the wind; doll|toy|play at home
drum|instrument|make music; piano|instrument|play music; guitar|instrument|play music; violin|instrument|play music
bell|thing|make a ringing sound; rope|thing|tie things; ladder|tool|climb up; mirror|piece of glass|see yourself
door|part of a house|go in and out; window|part of a house|look outside; bridge|thing|cross a river
tent|small house of cloth|sleep outside; pillow|soft thing|rest your head; coin|piece of money|buy things
letter|message|tell news""")

JOBS = table("""
baker|bakes bread; teacher|teaches children; doctor|helps sick people; nurse|cares for sick people; farmer|grows food
cook|makes meals; driver|drives a bus; pilot|flies planes; sailor|works on a ship; painter|paints pictures
singer|sings songs; writer|writes books; builder|builds houses; gardener|looks after plants; fisherman|catches fish
tailor|makes clothes; dentist|takes care of teeth; firefighter|puts out fires; police officer|keeps people safe
postman|brings letters; vet|helps sick animals; carpenter|makes things from wood; librarian|looks after books
scientist|studies how the world works; judge|decides what is fair""")

# food | kind | taste
FOODS = table("""
apple|fruit|sweet; banana|fruit|sweet; pear|fruit|sweet; orange|fruit|sweet; lemon|fruit|sour; grape|fruit|sweet
mango|fruit|sweet; cherry|fruit|sweet; plum|fruit|sweet; peach|fruit|sweet; melon|fruit|sweet; carrot|vegetable|sweet
potato|vegetable|mild; onion|vegetable|strong; cabbage|vegetable|mild; bean|vegetable|mild; pea|vegetable|sweet
tomato|fruit|fresh; cucumber|vegetable|fresh; cake|dessert|sweet; pie|dessert|sweet; cookie|snack|sweet
pancake|meal|sweet; pizza|meal|salty; sandwich|meal|good; soup|meal|warm; salad|meal|fresh; bread|food|good
cheese|food|salty; rice|food|mild; honey|food|sweet; butter|food|mild; noodle|food|salty""")

# What is ...? | answer
WORLD = table("""
the sun|The sun is a star. It gives us light and heat.; the moon|The moon goes around the Earth. We see it at night.
the Earth|The Earth is the planet where we live.; a star|A star is a big ball of hot gas far away.
rain|Rain is water that falls from the clouds.; snow|Snow is frozen water that falls from the clouds.
wind|Wind is moving air.; ice|Ice is frozen water.; a cloud|A cloud is made of tiny drops of water.
a river|A river is water that flows to the sea.; a lake|A lake is a large area of water with land around it.
the sea|The sea is a very large area of salt water.; a mountain|A mountain is a very high piece of land.
a forest|A forest is a place with many trees.; a desert|A desert is a dry place with little rain.
an island|An island is land with water all around it.; a tree|A tree is a tall plant with a trunk and leaves.
a flower|A flower is the colourful part of a plant.; a seed|A seed is a small part of a plant that can grow.
fire|Fire is hot and bright. It burns wood.; water|Water is a clear liquid. We drink it every day.
air|Air is all around us. We breathe it.; a rainbow|A rainbow is an arc of colours in the sky after rain.
a storm|A storm is bad weather with strong wind and rain.; a city|A city is a big place where many people live.
a village|A village is a small place where people live.; a school|A school is a place where children learn.
a farm|A farm is a place where people grow food and keep animals.; a friend|A friend is a person you like and trust.
a family|A family is a group of people who love each other.; music|Music is sound that is nice to hear.
a dream|A dream is a story you see while you sleep.; love|Love is a warm feeling for someone you care about.
a language model|A language model is a program that has learned to write text.
a computer|A computer is a machine that works with numbers and words.; time|Time is what we measure with a clock.
money|Money is what we use to buy things.; a word|A word is a group of letters with a meaning.
a planet|A planet is a large ball that goes around a star.; a robot|A robot is a machine that can do work by \
itself.""")

# question | answer, hand written
ASKED = table("""
Why is the sky blue?|The sky is blue because the air scatters blue light.
Why do we sleep?|We sleep because our bodies need rest.; Why do birds fly?|Birds fly to find food and safe places.
Why is the sea salty?|The sea is salty because rivers bring salt to it.
Why do we eat?|We eat because food gives us energy.; Why do leaves fall?|Leaves fall because trees rest in the winter.
Why is ice cold?|Ice is cold because it is frozen water.
Why do we drink water?|We drink water because our bodies need it.
Why do people laugh?|People laugh because something is funny.
Why do cats purr?|Cats purr because they feel happy and safe.
Why do we have night?|We have night because the Earth turns away from the sun.
Why do we read books?|We read books to learn and to have fun.
How do I make tea?|Boil some water, put tea in a cup, pour the water and wait a little.
How do I make a sandwich?|Take two slices of bread and put cheese and tomato between them.
How do I make soup?|Cut some vegetables, put them in water and cook them for half an hour.
How do I bake bread?|Mix flour, water, salt and yeast. Let it rest, then bake it.
How do I grow a plant?|Put a seed in the soil, give it water and let it have some sun.
How do I make a friend?|Be kind, say hello and listen to what the other person says.
How can I sleep better?|Go to bed early, and keep your room dark and quiet.
How can I learn to read?|Read a little every day and start with easy books.
How can I stay healthy?|Eat well, sleep well and walk every day.
How can I be happy?|Spend time with friends and do things that you love.
How do I wash my hands?|Use warm water and soap, and rub your hands well.
How do fish breathe?|Fish breathe in the water with their gills.
What should I wear when it rains?|Wear a coat and take an umbrella.
What should I wear when it snows?|Wear a warm coat, a hat and gloves.
What should I wear when it is hot?|Wear a light shirt and a hat.
What should I eat for breakfast?|You could eat bread with butter and an apple.
What should I eat for dinner?|You could eat soup with fresh bread.
What should I do today?|You could go for a walk or read a good book.
What should I do when I am bored?|You could read a book, draw a picture or call a friend.
What should I do when I am tired?|You should rest and go to bed early.
What can I do in the rain?|You can jump in the puddles or read a book at home.
How many days are in a week?|There are seven days in a week.
How many months are in a year?|There are twelve months in a year.
How many hours are in a day?|There are twenty-four hours in a day.
How many minutes are in an hour?|There are sixty minutes in an hour.
How many legs does a spider have?|A spider has eight legs.; How many legs does a dog have?|A dog has four legs.
How many legs does a bird have?|A bird has two legs.; How many fingers do I have?|You have ten fingers.
How many letters are in the alphabet?|There are twenty-six letters in the alphabet.
What is the biggest animal?|The blue whale is the biggest animal.
What is the tallest animal?|The giraffe is the tallest animal.
What is the fastest animal?|The cheetah is the fastest animal on land.
What are the seasons?|The seasons are spring, summer, autumn and winter.
What do plants need?|Plants need water, light and soil.
What is the weather like?|I cannot see the weather, but I hope it is sunny.
What time is it?|I do not have a clock, so I cannot tell the time.
What day is it today?|I do not know the date, but I hope it is a good day.
What is the meaning of life?|I think it is to be kind and to learn new things.
Where does milk come from?|Milk comes from cows.; Where does honey come from?|Honey comes from bees.
Where do eggs come from?|Eggs come from hens.; Where does wool come from?|Wool comes from sheep.
Where does the sun go at night?|The sun shines on the other side of the Earth.
Where does rain come from?|Rain comes from the clouds.; When is it cold?|It is cold in the winter.
When is it hot?|It is hot in the summer.; Who is your friend?|You are my friend.
Who lives at the North Pole?|Polar bears live near the North Pole.; Tell me a fact.|Bees make honey from flowers.
Tell me something interesting.|An owl can see very well in the dark.
Tell me a joke.|Why did the hen cross the road? To get to the other side!
Sing me a song.|La la la, the sun is up, and I have tea inside my cup.
Write a poem.|The moon is high, the night is deep, and all the birds have gone to sleep.""")

# small talk: questions separated by / | answers separated by /
SMALL_TALK = table("""
Hello/Hi/Hello!/Hi!/Hey/Hey there/Hello there/Good day/Greetings/Hi there/Hello, friend/Hello Tiny/Hi Tiny!/\
Hello again|Hello! How can I help you?/Hello! How can I help you today?
Good morning/Good morning!/Morning|Good morning! I hope you slept well.
Good evening/Good evening!|Good evening! How was your day?
Good afternoon/Good afternoon!|Good afternoon! How can I help you?
Good night/Good night!/I am going to bed|Good night! Sleep well.
How are you?/How are you today?/How do you feel?/How is it going?/Are you well?/How are things?/Are you OK?/\
How are you doing?/How are you doing today?/And how are you?|I am well, thank you. How are you?
Hello, how are you?/Hi, how are you?/Hello! How are you today?|Hello! I am well, thank you. How are you?
I am fine/I am well/I am good, thanks/I am fine, thank you|I am glad to hear that. What would you like to talk about?
Thank you/Thanks/Thank you!/Thanks a lot/Thank you very much/Many thanks/Thanks for your help/\
Thanks, that was helpful!/Great, thanks/That helps, thank you|You are welcome!/You are welcome! I am happy to help.
Goodbye/Bye/Bye!/See you later/See you tomorrow/I have to go/Goodbye!/Farewell/See you soon/Thank you, bye!/\
Good bye|Goodbye! Have a nice day.
Who are you?/What are you?/Tell me about yourself./Introduce yourself./Can you introduce yourself?/\
Who am I talking to?/Who is this?/Hello, who are you?/\
And you?|I am Tiny, a very small language model. I can answer simple questions.
What is your name?/Do you have a name?/Tell me your name./What should I call you?/\
What do people call you?|My name is Tiny.
Are you a robot?/Are you human?/Are you a person?/Are you real?/Are you alive?/\
Are you a computer?|I am a small computer program, not a person.
Who made you?/Who built you?/Who trained you?/Where do you come from?/\
How were you made?|I was trained on simple sentences that a program wrote.
What can you do?/What do you do?/How can you help me?/Can you help me?/What do you know?/I need help/\
Help|I can talk, tell short stories and answer simple questions.
How old are you?/When were you born?/What is your age?|I am very young. I was trained not long ago.
Where do you live?/Where are you?/Where is your home?|I live inside a computer.
Do you sleep?/Are you tired?|No, I do not sleep. I am a program.
Do you eat?/Are you hungry?|No, I do not eat, but I like to talk about food.
Do you have friends?/Are you my friend?|Yes, I think we are friends.
Are you smart?/Are you clever?/Are you big?|I am very small, so I only know simple things.
Do you like me?/Do you love me?|Yes, I like to talk with you.
I am sad/I feel sad/I feel bad/I am not happy/I had a bad day/\
I am unhappy|I am sorry to hear that. Do you want to talk about it?
I am happy/I feel great/I am very happy/I had a good day|I am happy for you! What made your day so good?
I am hungry/I want to eat|You could eat an apple or some bread.; I am tired/I feel sleepy|You should rest for a while.
I am bored/I have nothing to do|You could read a book or go for a walk.
I am cold/It is cold here|Put on a warm coat and drink some tea.; I am thirsty|Drink a glass of water.
I am afraid/I am scared|Do not be afraid. I am here with you.; I am angry|Take a deep breath and count to ten.
I am sick/I feel ill|I am sorry. Please rest and drink water, or see a doctor.
I love you|Thank you, that is very kind.
You are funny/You are nice/You are great/Well done/Good job/I like you|Thank you! You are very kind.
You are wrong/That is wrong/You are bad|I am sorry. I am small and I make mistakes.
I am sorry/Sorry|That is all right.; Yes/Yes please/OK/Okay/Sure|Good! What would you like to know?
No/No thanks/Nothing|All right. I am here when you need me.
Let us talk/Can we talk?/Talk to me/Say something|Of course. Do you like animals, food or stories?
What is up?/What is new?|Not much. I am ready to talk with you.""")

# favourite what | answer (fixed, so that the model has one mind)
FAVOURITES = table("""
food|soup with fresh bread; colour|green; animal|the owl; fruit|the apple; season|spring; number|seven
game|hide and seek; drink|tea; book|a book about the sea; song|a song about the moon; place|a quiet lake; day|Sunday
month|May; flower|the rose; toy|a red kite; vegetable|the carrot; tree|the oak; sport|swimming; city|Paris
country|Japan; story|a story about a small boat; weather|light rain; dessert|apple pie; bird|the owl; hobby|reading
music|piano music; word|hello; subject|nature; meal|breakfast; thing|a good story""")

NAMES = table("""
Anna|she; Tom|he; Ben|he; Mia|she; Sam|he; Lily|she; Max|he; Emma|she; Leo|he; Nora|she; Jack|he; Ella|she; Omar|he
Ruth|she; Peter|he; Sara|she; Ali|he; Maya|she; Hugo|he; Rosa|she; John|he; Mary|she; David|he; Lucy|she; Paul|he
Nina|she; Oscar|he; Zoe|she; Adam|he; Eva|she; Noah|he; Clara|she""")

HE_OR_SHE = {'a girl': 'she', 'a queen': 'she', 'a princess': 'she', 'a boy': 'he', 'a king': 'he', 'a prince': 'he',
             'a fisherman': 'he', 'a postman': 'he'}
ADJECTIVES = words('small big little kind happy old young clever quiet brave funny lazy hungry '
                   'shy tired friendly lonely curious gentle busy')
PLACES = row("""
in a small village; near a forest; by the sea; on a hill; in a big city; by a river; in a warm house; near a lake;
on a farm; under a tall tree; on a small island; at the end of a road""")
WEATHER = ['sunny', 'rainy', 'windy', 'cold', 'warm', 'snowy', 'cloudy', 'bright']
COLOURS = words('red blue green yellow white black brown orange purple pink grey')
HEROES = words('dragon king queen robot giant wizard prince princess knight ghost giraffe spider star cloud tree river')
NUMBER = words('zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen '
               'sixteen seventeen eighteen nineteen twenty')
DAYS = words('Monday Tuesday Wednesday Thursday Friday Saturday Sunday')
MONTHS = words('January February March April May June July August September October November December')
PLURALS = {'mouse': 'mice', 'wolf': 'wolves'} | {
    word: word for word in words('sheep deer bread rice honey butter soup salad cheese')
}
LISTS = {'animals': words('dogs cats cows horses pigs ducks hens lions tigers bears frogs owls '
                          'birds bees monkeys snakes goats whales parrots'),
         'colours': COLOURS, 'countries': [c[0] for c in COUNTRIES], 'days': DAYS, 'months': MONTHS, 'numbers': NUMBER[1:],
         'fruits': ['apples', 'pears', 'plums', 'grapes', 'oranges', 'bananas', 'melons', 'lemons'],
         'vegetables': ['carrots', 'potatoes', 'peas', 'beans', 'onions', 'tomatoes'], 'jobs': [j[0] for j in JOBS],
         'tools': ['hammer', 'saw', 'spade', 'knife', 'brush', 'ladder'], 'cities': [c[1] for c in COUNTRIES]}
COMMON = words("""
the be to of and a in that have it for not on with as you do at this but his by from they we say her or an will my one
all would there their what so up out if about who get which go me when make can like time no just him know take people
into year your good some could them see other than then now look only come its over think also back after use two how
our work first well way even new want because any these give day most us garden window paper yellow mountain teacher
letter number question answer world life hand part child eye woman man place week case point company group problem
fact party result change morning reason research girl guy moment air force education foot boy age policy process
market science server code model train data test memory engine queue adapter learn step loss signal energy heart
history language story minute street summer winter music movie phone picture power price quality table value voice
wall war weather weight wonder write young apple bread cheese chicken coffee dinner fish fruit juice lunch meat rice""")
TOPICS = row("""
black holes; taxes; football; chess; the stock market; quantum physics; ancient Rome; law; politics; cars;
programming; Python; chemistry; medicine; poetry; the internet; history; electricity; fashion; war; banks; machine
learning; films; space travel; religion; volcanoes; algebra; engines; viruses; insurance; dinosaurs""")
OPENERS = ['Please tell me: ', 'Can you tell me: ', 'Tell me, ', 'Hey, ', 'Hi, ', 'Hello. ', 'I have a question. ',
           'Quick question: ', 'So, ', 'I want to know: ', 'OK, ', 'Do you know: ', 'Please answer: ', 'Question: ', 'And ',
           'Hello Tiny. ', 'Next: ', 'Tell me please, ']
SYSTEM_TEXTS = ['You are a helpful assistant.', 'You are a helpful assistant.', 'You are Tiny, a small chat model.',
                'Answer the questions.', 'You are a kind and helpful friend.']
EXPLAIN = (
    'Explain {} to me. / What do you know about {}? / Teach me {}. / Tell me more about {}. / Can you explain {}?'
)
UNANSWERABLE = (
    'Who wrote {}? / How does {} work? / Explain {} in detail. / Who discovered {}? / Write an essay about {}. / What '
    'is the history of {}? / How much does {} cost? / Why is {} important? / When did {} start? / How many people '
    'like {}? / What is the best way to learn {}? / Give me advice about {}. / What happened with {}? / How can I use '
    '{}? / How do I fix {}? / Who is the president of {}? / What is the price of {}? / Who is {}? / Which {} is the '
    'best? / Translate {} into French. / What is the number of {}? / Is {} better than this? / Where can I buy {}? / '
    'Should I think about {}? / Who won the game against {}? / Write a program for {}. / How many people live in {}? '
    '/ {} / Compare this with {}.'
)
