from tertulia.sdk import Client, Message

client = Client("tcp://127.0.0.1:4444", nick="parrot")


@client.listener()
async def on_message(message: Message) -> None:
    if message.text.startswith("!echo "):
        await message.reply(message.text.removeprefix("!echo "))


client.run()
